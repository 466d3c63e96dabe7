using System.CommandLine;
using System.Globalization;
using Clientele.Platform.Migrations;

namespace Clientele.Server.Commands;

/// <summary>clientele migrate: brings a database up to this build without serving it, for those who upgrade in steps.</summary>
internal static class MigrateCommand
{
    // A new database has more than a hundred; an upgrade a few, which tell what it changed.
    private const int MostNamed = 10;

    public static Command Create()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var command = new Command("migrate", "Bring the database to this build's schema, and stop.") { data, database };
        command.SetAction(async (parsed, ct) =>
        {
            using var applied = new AppliedFiles();
            using var loggers = LoggerFactory.Create(l => LogLines.AddTo(l).AddProvider(applied).SetMinimumLevel(LogLevel.Warning)
                .AddFilter<AppliedFiles>(null, LogLevel.None).AddFilter<AppliedFiles>(typeof(Migrator).FullName, LogLevel.Debug));
            await using var home = await DatabaseHome.Open(parsed.GetValue(database), parsed.GetValue(data)!, loggers, ct);
            if (applied.Names is { Count: > 0 and <= MostNamed } few) Console.WriteLine($"Applied: {string.Join(", ", few)}");
            else if (applied.Names.Count > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Applied {applied.Names.Count:N0} schema files."));
            Console.WriteLine("The database is up to date.");
            return 0;
        });
        return command;
    }

    /// <summary>Hears from the migrator which files it applied.</summary>
    private sealed class AppliedFiles : ILoggerProvider, ILogger
    {
        private readonly List<string> names = [];

        public IReadOnlyList<string> Names => names;

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (state is not IReadOnlyList<KeyValuePair<string, object?>> values) return;
            var said = values.ToDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal);
            if (said.TryGetValue("Module", out var module) && said.TryGetValue("File", out var file)) names.Add($"{module}/{file}");
        }

        public void Dispose()
        {
        }
    }
}
