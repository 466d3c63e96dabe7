using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Health.Errors;

/// <summary>
/// Takes what the error log gathered to the database. It warns and never logs an error itself: that would come back to it.
/// </summary>
internal sealed partial class ErrorWriter(Databases databases, ErrorInbox inbox, TimeProvider clock, ILogger<ErrorWriter> logger) : BackgroundService
{
    private static readonly TimeSpan pace = TimeSpan.FromSeconds(5);

    private readonly Db db = new(databases.Service, Tenant.None);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pace, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Also when we are being stopped: what stopped us may be among it.
            await Flush(CancellationToken.None);
        }
    }

    /// <summary>Writes what has come together since the last time, and groups what products wrote; what cannot be written waits for the next.</summary>
    public async Task Flush(CancellationToken ct)
    {
        var groups = inbox.Take();
        try
        {
            if (groups.Count > 0) await db.Run($"select platform.record_errors({new Json(Text(groups))})", ct);
        }
        catch (NpgsqlException e) when (e is not PostgresException || e.IsTransient)
        {
            inbox.Return(groups);
            LogAway(ErrorText.MessageOf(e));
            return;
        }
        catch (Exception e)
        {
            // Given back it would fail again, and for ever.
            LogLost(groups.Sum(g => g.Times), ErrorText.MessageOf(e));
        }
        try { await db.Run($"select platform.group_errors()", ct); }
        catch (Exception e) when (!ct.IsCancellationRequested) { LogAway(ErrorText.MessageOf(e)); }
    }

    private static string Text(IReadOnlyList<ErrorInbox.Group> groups) => System.Text.Json.JsonSerializer.Serialize(groups.Select(g => new
    {
        organization = g.Organization,
        fingerprint = g.Fingerprint,
        source = g.Source,
        error_type = g.ErrorType,
        message = g.Message,
        place = g.Place,
        severity = g.Severity,
        times = g.Times,
        first_at = g.FirstAt,
        last_at = g.LastAt,
        samples = g.Samples,
    }), ApiJson.Options);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The error log waits for the database: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} errors could not be written to the error log: {Reason}")]
    private partial void LogLost(long count, string reason);
}
