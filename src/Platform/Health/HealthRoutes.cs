using System.Globalization;
using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Health.Database;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Log;
using Clientele.Platform.Permissions;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Clientele.Platform.Health;

/// <summary>/health/live, /health/ready and /metrics, for operators and their tools.</summary>
public static class HealthRoutes
{
    public sealed record Check(string Name, string Status, string? Detail);

    public sealed record View(string Status, IReadOnlyList<Check> Checks);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        // It counts from now on, not from the first question.
        routes.ServiceProvider.GetRequiredService<MetricsStore>();
        routes.MapGet("/health/live", () => new View("healthy", [])).ExcludeFromDescription();
        routes.MapGet("/health/ready", Ready).ExcludeFromDescription();
        routes.MapGet("/metrics", Metrics).ExcludeFromDescription();
    }

    /// <summary>/api/health, /api/errors and /api/operator.</summary>
    internal static void Map(IEndpointRouteBuilder api)
    {
        var health = api.MapGroup("/health").WithTags("Health").Requires(Can.ReadHealth);
        health.MapGet("/", GetHealth.Handle);
        health.MapGet("/check", GetCheck.Handle);
        var errors = api.MapGroup("/errors").WithTags("Health").Requires(Can.ReadErrors);
        errors.MapGet("/", ListErrors.Handle);
        errors.MapGet("/{id:guid}", GetError.Handle);
        errors.MapPut("/{id:guid}", ChangeError.Handle).Requires(Can.ResolveErrors);
        api.MapGroup("/operator").WithTags("Health").Requires(Can.Operate).MapGet("/database", GetDatabase.Handle);
    }

    private static async Task<IResult> Ready(Databases databases, LogHealth log, CancellationToken ct)
    {
        try
        {
            await new Db(databases.Application, Tenant.None).One<int>($"select 1", ct);
            var status = await log.Read(ct);
            List<Check> checks = [new("database", "healthy", null), Named("log watermark", LogChecks.Find(status.WatermarkAgeSeconds, status.Blocker)), .. status.Consumers.Select(Consumer)];
            var worst = checks.Exists(c => c.Status == "degraded") ? "degraded" : "healthy";
            // Degraded is still ready: the log waits, nothing is lost, requests are answered.
            return Results.Ok(new View(worst, checks));
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return Results.Json(new View("unhealthy", [new("database", "unhealthy", "The database does not answer.")]), statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static Check Named(string name, Finding found, string? otherwise = null) => new(name, Words.Of(found.Status), found.Detail ?? otherwise);

    private static Check Consumer(ConsumerStatus c) =>
        Named($"consumer {c.Name}", LogChecks.Find(c), string.Create(CultureInfo.InvariantCulture, $"{c.LagEvents} events, {c.LagSeconds:0.0} s behind"));

    private static async Task<IResult> Metrics(LogHealth log, MetricsStore figures, CancellationToken ct)
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
        figures.Write(text);
        return Results.Text(text.ToString(), "text/plain; version=0.0.4");
    }
}
