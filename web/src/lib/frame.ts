/**
 * Runs `work` at most once per painted frame, however often it is asked for. In a hidden tab, where no
 * frame is painted, after a short wait.
 */
export function oncePerFrame(work: () => void): () => void {
  let asked = false;
  const run = () => {
    if (!asked) return;
    asked = false;
    work();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (document.visibilityState === 'visible') requestAnimationFrame(run);
    else setTimeout(run, 100);
  };
}
