import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';
import { chartTokens } from './components/chart/palette';

const gray: MantineColorsTuple = [
  '#f7f8fa',
  '#f0f1f4',
  '#e5e7eb',
  '#d6d9df',
  '#bfc4cd',
  '#8b919c',
  '#666d79',
  '#4b515c',
  '#31363f',
  '#1b1e24',
];

/** Mantine's dark scheme: 0 is text, 7 the page, 6 what lies on it. */
const dark: MantineColorsTuple = [
  '#dcdfe4',
  '#b9bec7',
  '#9299a5',
  '#6c737f',
  '#3a3e46',
  '#2b2e35',
  '#1c1e22',
  '#141518',
  '#101114',
  '#0b0c0e',
];

const accent: MantineColorsTuple = [
  '#eef0fc',
  '#dde1f8',
  '#bbc2f0',
  '#98a2e8',
  '#7a86e0',
  '#5f6cd6',
  '#4453c4',
  '#3845a8',
  '#2d388a',
  '#232b6b',
];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 5 },
  colors: { gray, dark, accent },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.5rem', xl: '2rem' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.75rem' },
      h2: { fontSize: '0.9375rem', lineHeight: '1.375rem' },
      h3: { fontSize: '0.875rem', lineHeight: '1.25rem' },
    },
  },
  defaultRadius: 'sm',
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    // Else a narrow column shortens it to a letter and three dots.
    Badge: { styles: { root: { minWidth: 'max-content' } } },
    // What lies on a card is told from it in the dark too.
    Code: { defaultProps: { color: 'var(--c-page)' } },
    Button: { defaultProps: { size: 'sm' } },
    // Else it is ten pixels high, of all things where something is wrong.
    InputWrapper: { styles: { error: { fontSize: 'var(--mantine-font-size-xs)', lineHeight: 1.4 } } },
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'md' } },
    Select: { defaultProps: { size: 'sm', comboboxProps: { shadow: 'md' } } },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true, multiline: true, maw: 320 } },
    // The placeholder for the first focus is no menu item, which confuses screen readers: the first item takes it.
    Menu: { defaultProps: { shadow: 'md', withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { shadow: 'md' } },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 120 } }, styles: { title: { fontWeight: 600 } } },
    Drawer: { defaultProps: { transitionProps: { duration: 150 } }, styles: { title: { fontWeight: 600, fontSize: '1rem' } } },
  },
});

/** Mantine's own dimmed text is too pale for WCAG; ours keeps 4.5:1 on every ground we use. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-text': '#1b1e24',
    '--mantine-color-dimmed': '#5b626e',
    '--mantine-color-placeholder': '#666d79',
    '--mantine-color-error': '#b3261e',
    '--mantine-color-body': '#ffffff',
    '--mantine-color-default-border': '#d6d9df',
    '--mantine-color-anchor': '#3845a8',
    '--c-page': '#f7f8fa',
    '--c-series': chartTokens.light.series,
    '--c-series-pale': chartTokens.light.comparison,
    '--c-bar': '#e3ecfb',
    '--c-bar-selected': '#c3d8f8',
    '--c-surface': '#ffffff',
    '--c-hover': '#f0f1f4',
    '--c-line': '#e5e7eb',
    '--c-good': '#1c6b3f',
    '--c-bad': '#b3261e',
    '--c-warn': '#8a5300',
    '--c-selected': '#eef0fc',
    '--c-accent-text': '#3845a8',
  },
  dark: {
    '--mantine-color-text': '#dcdfe4',
    '--mantine-color-dimmed': '#9ea5b1',
    '--mantine-color-placeholder': '#8f96a2',
    '--mantine-color-error': '#ff8f86',
    '--mantine-color-body': '#1c1e22',
    // Mantine's is that of our cards, on which a button was no longer one.
    '--mantine-color-disabled': '#2a2d33',
    '--mantine-color-default-border': '#3a3e46',
    '--mantine-color-anchor': '#a9b2f0',
    '--c-page': '#141518',
    '--c-series': chartTokens.dark.series,
    '--c-series-pale': chartTokens.dark.comparison,
    '--c-bar': '#23304a',
    '--c-bar-selected': '#2e4370',
    '--c-surface': '#1c1e22',
    '--c-hover': '#26282e',
    '--c-line': '#2f3239',
    '--c-good': '#6fcf97',
    '--c-bad': '#ff8f86',
    '--c-warn': '#f0b75e',
    '--c-selected': '#272b45',
    '--c-accent-text': '#a9b2f0',
  },
});
