import '@mantine/core/styles.css';
import './app.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Announcer } from './components/Announcer';
import { I18nProvider } from './i18n/I18n';
import { makeQueryClient } from './query-client';
import { makeRouter } from './routes';
import { cssVariables, theme } from './theme';

const queryClient = makeQueryClient((to) => {
  const { pathname, href } = router.state.location;
  if (pathname !== to) void router.navigate({ to, search: { next: href }, replace: true });
});
const router = makeRouter(queryClient);
const colorScheme = localStorageColorSchemeManager({ key: 'clientele-theme' });

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} colorSchemeManager={colorScheme} defaultColorScheme="auto">
      <I18nProvider>
        <Announcer>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </Announcer>
      </I18nProvider>
    </MantineProvider>
  </StrictMode>,
);
