/** True under `npm run test:long`: what takes minutes in full then runs in full, instead of in its short form. */
export const isLong = process.env.ROLLCALL_LONG === '1';
