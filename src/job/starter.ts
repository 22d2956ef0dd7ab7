/** Where the `init` command writes its files, relative to the folder it is called in. */
export const starterPaths = { job: 'jobs/epm-hr-feed.yaml', feed: 'jobs/inbox/hr.csv' } as const;

/** A commented job file that runs at once against the sandbox and shows what the real system needs. */
export const starterJob = `# rollcall job: makes the users of a target match a feed.
# Check it with \`rollcall validate jobs/epm-hr-feed.yaml\`, look with \`rollcall plan\`, write with \`rollcall apply\`.
#
# For completion in your editor, write the schema once, \`rollcall schema job > jobs/job.schema.json\`, and keep
# the next line:
# yaml-language-server: $schema=job.schema.json

name: epm-hr-feed                 # the ledger keeps its memory under this name
ledger: ../.rollcall/ledger.db    # paths are relative to this file

feed:
  path: inbox/hr.csv
  columns:                        # attribute of the user: column of the feed
    externalId: Employee ID       # the lasting id: a changed login is then an update, not another person
    userName: User Login
    name.givenName: First Name
    name.familyName: Last Name
    emails.work: Email
    roles:                        # several values in one cell
      from: Role
      split: ";"
    active:                       # a status may say that a person has left
      from: Status
      active: [Active]
      leaver: [Left]
  whole:
    trailer: TRAILER              # the last record states the row count, so that absence counts

match: userName                   # how people and existing users are matched the first time

target:
  provider: oracle-epm
  sandbox: true                   # a local stand-in; for the real system take this line out and give:
  # baseUrl: https://epm-example.epm.us-phoenix-1.ocs.oraclecloud.com
  # auth:
  #   type: basic
  #   username: env:EPM_USER      # secrets are references only, env:NAME or file:PATH
  #   password: env:EPM_PASSWORD
  # limits: { requestsPerSecond: 5, concurrency: 4, batchSize: 500 }
  welcomeMail: false              # true: the service mails new users their credentials

policy:
  create: true
  update: true
  leavers:
    - disable: now                # removal acts on the whole identity domain and must be acknowledged first

guards:                           # a plan that would do more is held until a person has looked
  creates: 20%
  updates: 50%
  enables: 5%
  disables: 5%
  removals: 2%

firstLoad: true                   # the sandbox begins empty; take this out for the real system

report:
  directory: ../runs
`;

/** Invented people, and a trailer that states how many they are. */
export const starterFeed = `Employee ID,User Login,First Name,Last Name,Email,Role,Status
E1001,amara.okafor@example.com,Amara,Okafor,amara.okafor@example.com,Service Administrator,Active
E1002,bruno.lindqvist@example.com,Bruno,Lindqvist,bruno.lindqvist@example.com,Power User,Active
E1003,chiara.moretti@example.com,Chiara,Moretti,chiara.moretti@example.com,User,Active
E1004,dmitri.volkov@example.com,Dmitri,Volkov,dmitri.volkov@example.com,User,Active
E1005,elif.yilmaz@example.com,Elif,Yılmaz,elif.yilmaz@example.com,Viewer,Active
E1006,farid.haddad@example.com,Farid,Haddad,farid.haddad@example.com,Viewer,Active
E1007,grace.mwangi@example.com,Grace,Mwangi,grace.mwangi@example.com,User;Power User,Active
E1008,henrik.dahl@example.com,Henrik,Dahl,henrik.dahl@example.com,Viewer,Active
TRAILER,8,,,,,
`;
