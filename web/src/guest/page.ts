// What the server and the address say about this page.

function meta(name: string): string | undefined {
  const element = document.querySelector<HTMLMetaElement>(`meta[name="frontdesk-${name}"]`);
  return element?.content.trim() || undefined;
}

const query = new URLSearchParams(location.search);

export const page = {
  /** The hotel's name, if the server filled it in. */
  hotel: meta('hotel'),
  /** A number to call when all else fails. */
  phone: meta('phone'),
  privacyUrl: meta('privacy'),
  room: query.get('room')?.slice(0, 32) || undefined,
  property: query.get('property') || undefined,
  embedded: query.get('embed') === '1',
  /** The site around the frame vouches for the guest with a token. */
  identity: query.get('identity') === '1',
  /** The site around the frame, as the widget names it. */
  host: query.get('host') || undefined,
};
