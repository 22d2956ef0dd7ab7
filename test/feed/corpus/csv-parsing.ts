/**
 * Cases of reading CSV after csv-spectrum (Max Ogden, https://github.com/max-mapper/csv-spectrum) and the rules of
 * RFC 4180, section 2. Texts, and the records that they mean, the header first.
 */
export const soundFiles: Readonly<
  Record<string, readonly [text: string, records: readonly (readonly string[])[]]>
> = {
  comma_in_quotes: [
    'first,last,address,city,zip\nJohn,Doe,120 any st.,"Anytown, WW",08123\n',
    [
      ['first', 'last', 'address', 'city', 'zip'],
      ['John', 'Doe', '120 any st.', 'Anytown, WW', '08123'],
    ],
  ],
  empty: [
    'a,b,c\n1,"",""\n2,3,4\n',
    [
      ['a', 'b', 'c'],
      ['1', '', ''],
      ['2', '3', '4'],
    ],
  ],
  empty_crlf: [
    'a,b,c\r\n1,"",""\r\n2,3,4\r\n',
    [
      ['a', 'b', 'c'],
      ['1', '', ''],
      ['2', '3', '4'],
    ],
  ],
  escaped_quotes: [
    'a,b\n1,"ha ""ha"" ha"\n3,4\n',
    [
      ['a', 'b'],
      ['1', 'ha "ha" ha'],
      ['3', '4'],
    ],
  ],
  json: [
    'key,val\n1,"{""type"": ""Point"", ""coordinates"": [102.0, 0.5]}"\n',
    [
      ['key', 'val'],
      ['1', '{"type": "Point", "coordinates": [102.0, 0.5]}'],
    ],
  ],
  location_coordinates: [
    'Id,Place\n1,"48°51′N, 2°21′E"\n',
    [
      ['Id', 'Place'],
      ['1', '48°51′N, 2°21′E'],
    ],
  ],
  newlines: [
    'a,b,c\n1,2,3\n"Once upon \na time",5,6\n7,8,9\n',
    [
      ['a', 'b', 'c'],
      ['1', '2', '3'],
      ['Once upon \na time', '5', '6'],
      ['7', '8', '9'],
    ],
  ],
  newlines_crlf: [
    'a,b,c\r\n1,2,3\r\n"Once upon \r\na time",5,6\r\n7,8,9\r\n',
    [
      ['a', 'b', 'c'],
      ['1', '2', '3'],
      ['Once upon \r\na time', '5', '6'],
      ['7', '8', '9'],
    ],
  ],
  quotes_and_newlines: [
    'a,b\n1,"ha \n""ha"" \nha"\n3,4\n',
    [
      ['a', 'b'],
      ['1', 'ha \n"ha" \nha'],
      ['3', '4'],
    ],
  ],
  simple: [
    'a,b,c\n1,2,3\n',
    [
      ['a', 'b', 'c'],
      ['1', '2', '3'],
    ],
  ],
  simple_crlf: [
    'a,b,c\r\n1,2,3\r\n',
    [
      ['a', 'b', 'c'],
      ['1', '2', '3'],
    ],
  ],
  utf8: [
    'a,b,c\n1,2,3\n4,5,ʤ\n',
    [
      ['a', 'b', 'c'],
      ['1', '2', '3'],
      ['4', '5', 'ʤ'],
    ],
  ],
  'rule 1: a record is a line': [
    'a,b\r\naaa,bbb\r\nzzz,yyy\r\n',
    [
      ['a', 'b'],
      ['aaa', 'bbb'],
      ['zzz', 'yyy'],
    ],
  ],
  'rule 2: the last line end may be missing': [
    'a,b\r\naaa,bbb\r\nzzz,yyy',
    [
      ['a', 'b'],
      ['aaa', 'bbb'],
      ['zzz', 'yyy'],
    ],
  ],
  'rule 4: blanks are part of a cell': [
    'a,b\r\n aaa , b b \r\n',
    [
      ['a', 'b'],
      [' aaa ', ' b b '],
    ],
  ],
  'rule 5: cells may stand in quotes': [
    '"a","b"\r\n"aaa","b,b"\r\n',
    [
      ['a', 'b'],
      ['aaa', 'b,b'],
    ],
  ],
  'rule 6: line ends, quotes and commas in quotes': [
    'a,b\r\n"aa\r\na","b""b,"\r\n',
    [
      ['a', 'b'],
      ['aa\r\na', 'b"b,'],
    ],
  ],
  'rule 7: a quote is doubled': [
    'a,b\r\n"a""aa",""""\r\n',
    [
      ['a', 'b'],
      ['a"aa', '"'],
    ],
  ],
  'a quoted header with a line end': [
    '"a\nx",b\n1,2\n',
    [
      ['a\nx', 'b'],
      ['1', '2'],
    ],
  ],
  'names like parts of JavaScript': [
    '__proto__,constructor,toString\n1,2,3\n',
    [
      ['__proto__', 'constructor', 'toString'],
      ['1', '2', '3'],
    ],
  ],
  formulas: [
    'a,b\n=1+1,@x\n-2+3,"+4"\n',
    [
      ['a', 'b'],
      ['=1+1', '@x'],
      ['-2+3', '+4'],
    ],
  ],
  'one column': ['a\n1\n"2\n3"\n', [['a'], ['1'], ['2\n3']]],
  'empty cells only': [
    'a,b,c\n,,\n"","",""\n',
    [
      ['a', 'b', 'c'],
      ['', '', ''],
      ['', '', ''],
    ],
  ],
};

/** What no reader may take as it stands, with the line and the code under which it is set aside. */
export const brokenFiles: Readonly<Record<string, readonly [text: string, setAside: readonly string[]]>> = {
  'a quote inside a bare cell (RFC 4180, rule 5)': ['a,b\n1,x"y\n2,z\n', ['2 BAD_QUOTE']],
  'text behind a closing quote': ['a,b\n1,"x"y\n2,z\n', ['2 BAD_QUOTE']],
  'text before an opening quote': ['a,b\n1, "x"\n2,z\n', ['2 BAD_QUOTE']],
  'a quote that is never closed': ['a,b\n1,"x\n2,z\n', ['2 UNCLOSED_QUOTE']],
  'too many cells (rule 4)': ['a,b\n1,x,y\n2,z\n', ['2 RAGGED_ROW']],
  'too few cells (rule 4)': ['a,b,c\n1,x\n2,y,z\n', ['2 RAGGED_ROW']],
  'the header once more': ['a,b\n1,x\n a , b \n', ['3 HEADER_AGAIN']],
};

/** Headers that nobody could read rows by. */
export const brokenHeaders: Readonly<Record<string, string>> = {
  'a name twice': 'a,b,a\n1,2,3\n',
  '__proto__ twice': 'a,__proto__,__proto__\n1,2,3\n',
  'an open quote': 'a,"b\n1,2\n',
  'a damaged name': 'a,b\ufffd\n1,2\n',
};
