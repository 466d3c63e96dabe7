using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Server.Tests;

public sealed class LogLinesTests
{
    private static string Line(string said, Exception? exception)
    {
        using var writer = new StringWriter();
        new LogLines().Write(new LogEntry<string>(LogLevel.Warning, "Clientele.Platform.Jobs.JobWorker", 1918167095, said, exception, (state, _) => state), null, writer);
        return writer.ToString()[9..];
    }

    [Fact]
    public void One_line_each_whatever_is_in_it() => Assert.Equal($"warn  JobWorker: two lines{Environment.NewLine}", Line("two\nlines", null));

    [Fact]
    public void That_the_database_is_away_is_a_sentence_and_a_fault_comes_whole()
    {
        Assert.Equal($"warn  JobWorker: No jobs. (Exception while reading from stream){Environment.NewLine}", Line("No jobs.", new NpgsqlException("Exception while reading from stream", new EndOfStreamException())));
        Assert.Equal($"warn  JobWorker: No jobs. (57P01: going down){Environment.NewLine}", Line("No jobs.", new PostgresException("going down", "FATAL", "FATAL", "57P01")));
        Assert.Contains("System.InvalidOperationException: wrong", Line("No jobs.", new InvalidOperationException("wrong")), StringComparison.Ordinal);
        Assert.Contains("Npgsql.PostgresException", Line("No jobs.", new PostgresException("no such column", "ERROR", "ERROR", "42703")), StringComparison.Ordinal);
    }
}
