using System.Globalization;
using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Log;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Clientele.Platform.Health;

/// <summary>/health/live, /health/ready and /metrics, for operators and their tools.</summary>
public static class HealthRoutes
{
    /// <summary>From this age on, a held watermark is a warning: write transactions are to take a second at most.</summary>
    private const double WatermarkWarning = 10;

    public sealed record Check(string Name, string Status, string? Detail);

    public sealed record View(string Status, IReadOnlyList<Check> Checks);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => new View("healthy", [])).ExcludeFromDescription();
        routes.MapGet("/health/ready", Ready).ExcludeFromDescription();
        routes.MapGet("/metrics", Metrics).ExcludeFromDescription();
    }

    private static async Task<IResult> Ready(Databases databases, LogHealth log, CancellationToken ct)
    {
        try
        {
            await new Db(databases.Application, Tenant.None).One<int>($"select 1", ct);
            var status = await log.Read(ct);
            List<Check> checks = [new("database", "healthy", null), Watermark(status), .. status.Consumers.Select(Consumer)];
            var worst = checks.Exists(c => c.Status == "degraded") ? "degraded" : "healthy";
            // Degraded is still ready: the log waits, nothing is lost, requests are answered.
            return Results.Ok(new View(worst, checks));
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return Results.Json(new View("unhealthy", [new("database", "unhealthy", "The database does not answer.")]), statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static Check Watermark(LogStatus status)
    {
        if (status.WatermarkAgeSeconds < WatermarkWarning) return new Check("log watermark", "healthy", null);
        var seconds = status.WatermarkAgeSeconds.ToString("0", CultureInfo.InvariantCulture);
        var who = status.Blocker is { } b
            ? $" by process {b.Pid} ({b.ApplicationName}, {b.State}, since {b.StartedAt:u}). End it with select pg_terminate_backend({b.Pid})."
            : " by a transaction this login may not see. Look in pg_stat_activity and pg_prepared_xacts as an administrator.";
        return new Check("log watermark", "degraded", $"Held for {seconds} s{who} Until then no consumer of the log goes on.");
    }

    private static Check Consumer(ConsumerStatus c) => new(
        $"consumer {c.Name}",
        c.Problem is null && c.LagSeconds < 60 ? "healthy" : "degraded",
        c.Problem ?? string.Create(CultureInfo.InvariantCulture, $"{c.LagEvents} events, {c.LagSeconds:0.0} s behind"));

    private static async Task<IResult> Metrics(LogHealth log, CancellationToken ct)
    {
        var status = await log.Read(ct);
        var text = new StringBuilder();
        void Metric(string name, string help, string type, params (string Labels, double Value)[] samples)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");
            foreach (var (labels, value) in samples) text.Append(CultureInfo.InvariantCulture, $"{name}{labels} {value}\n");
        }
        (string, double)[] Each(Func<ConsumerStatus, double> of) => [.. status.Consumers.Select(c => ($"{{consumer=\"{c.Name}\"}}", of(c)))];
        Metric("clientele_log_watermark_age_seconds", "How long one transaction has held the log's watermark.", "gauge", ("", status.WatermarkAgeSeconds));
        Metric("clientele_log_epoch", "Epoch of the log.", "gauge", ("", status.Epoch));
        Metric("clientele_consumer_lag_events", "Events not yet taken in, counted up to 100000.", "gauge", Each(c => c.LagEvents));
        Metric("clientele_consumer_lag_seconds", "Age of the oldest event not yet taken in.", "gauge", Each(c => c.LagSeconds));
        Metric("clientele_consumer_events_total", "Events taken in.", "counter", Each(c => c.EventsRead));
        Metric("process_resident_memory_bytes", "Resident memory of the server.", "gauge", ("", Environment.WorkingSet));
        return Results.Text(text.ToString(), "text/plain; version=0.0.4");
    }
}
