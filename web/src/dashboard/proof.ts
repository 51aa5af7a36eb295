// What of a guest's card is proved, in words.
import type { GuestProfile } from '../lib/protocol';
import { i18n, t } from './words';

export interface Proof {
  /** The hotel's own systems say who this is. */
  verified: boolean;
  text: string;
  /** What that means for all else on the card. */
  why: string;
}

export function proof({ verified, vouched = [] }: GuestProfile): Proof {
  if (!verified) return { verified: false, text: t('unverified'), why: t('unverified_why') };
  const names = vouched.map((field) => t(`field_${field}`).toLocaleLowerCase(i18n.locale));
  const fields = names.length > 0 ? names : [t('verified_who')];
  const list = new Intl.ListFormat(i18n.locale).format(fields);
  return { verified: true, text: t('verified', { fields: list }), why: t('verified_why') };
}
