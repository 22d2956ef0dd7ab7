/** A limit on what a plan may do before a person has looked. */
export interface Guard {
  readonly name: string;
  /** The attribute, column or feed that it speaks of; absent where it speaks of the whole. */
  readonly subject?: string;
  /** What it allows; null when it has no number or no limit. */
  readonly limit: number | null;
  readonly actual: number;
  readonly tripped: boolean;
  /** What it means and what to do; null while the guard is content. */
  readonly advice: string | null;
  /** What lets more pass than usual: an expected event, or a person's word. */
  readonly allowedBy?: string;
  /** True when the plan passes only by that: what it does then counts in no limit over time. */
  readonly released?: true;
}
