using System.Collections;
using System.CommandLine;
using Clientele.DataApi.Standalone;

namespace Clientele.Server.Commands;

/// <summary>clientele data-api: the Data API alone, over any database, in place of PostgREST and with its settings.</summary>
internal static class DataApiCommand
{
    public static Command Create()
    {
        var command = new Command("data-api", "Serve any PostgreSQL database over REST, in place of PostgREST: it takes PostgREST's own settings by their environment names (PGRST_DB_URI, PGRST_DB_SCHEMAS …).");
        command.SetAction(async (_, ct) =>
        {
            var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? string.Empty, StringComparer.Ordinal);
            var options = StandaloneOptions.Read(environment);
            StandaloneApi.StayOnThread();
            await StandaloneApi.Probe(options, ct);
            await using var app = StandaloneApi.Build(options);
            app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"The Data API answers at {string.Join(", ", app.Urls)}. Ctrl-C stops it."));
            await app.RunAsync(ct);
            return 0;
        });
        return command;
    }
}
