using System.Globalization;
using Clientele.Platform.Data;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Clientele.Server;

/// <summary>
/// The log as people read it at a terminal or in the journal: one line each, when, how grave, who, what. That the database is away is a
/// sentence, and every worker will say it; any other exception comes whole, in the same line.
/// </summary>
internal sealed class LogLines() : ConsoleFormatter(Name)
{
    private new const string Name = "clientele";

    /// <summary>For a command: warnings and worse.</summary>
    public static ILoggerFactory OfCommand() => LoggerFactory.Create(l => AddTo(l).SetMinimumLevel(LogLevel.Warning));

    /// <summary>Writes logs to standard output this way.</summary>
    public static ILoggingBuilder AddTo(ILoggingBuilder logging) =>
        logging.AddConsole(c => c.FormatterName = Name).AddConsoleFormatter<LogLines, ConsoleFormatterOptions>();

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(TimeProvider.System.GetLocalNow().ToString("HH:mm:ss ", CultureInfo.InvariantCulture));
        textWriter.Write(entry.LogLevel switch
        {
            LogLevel.Trace or LogLevel.Debug => "debug ",
            LogLevel.Information => "info  ",
            LogLevel.Warning => "warn  ",
            _ => "error ",
        });
        textWriter.Write(entry.Category.AsSpan(entry.Category.LastIndexOf('.') + 1));
        textWriter.Write(": ");
        textWriter.Write(Line(entry.Formatter(entry.State, entry.Exception)));
        if (entry.Exception is { } exception) textWriter.Write($" {(Databases.IsAway(exception) ? $"({Line(exception.Message)})" : Line(exception.ToString()))}");
        textWriter.WriteLine();
    }

    private static string Line(string text) => text.ReplaceLineEndings(" ");
}
