// Runs before the first paint so that a dark theme never flashes white. A file of its own: the policy forbids inline scripts.
(function () {
  var root = document.documentElement;
  var theme = 'auto';
  try {
    theme = localStorage.getItem('clientele-theme') || 'auto';
    root.lang = localStorage.getItem('clientele-language') || root.lang;
  } catch (e) {
    // Storage may be refused; the system's own theme is then the best guess.
  }
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
