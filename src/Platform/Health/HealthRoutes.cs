using System.Globalization;
using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Health.Database;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Log;
using Clientele.Platform.Permissions;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Clientele.Platform.Health;

/// <summary>/health/live, /health/ready and /metrics, for operators and their tools.</summary>
public static class HealthRoutes
{
    /// <summary>What anybody may know; why is told to operators.</summary>
    public sealed record Check(string Name, string Status);

    public sealed record View(string Status, IReadOnlyList<Check> Checks);

    private static readonly string[] grades = ["healthy", "degraded", "unhealthy"];

    private sealed record Looked(string Service, string Name, string Status);

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
            List<Check> checks = [new("database", "healthy"), new("log watermark", Words.Of(LogChecks.Find(status.WatermarkAgeSeconds, status.Blocker).Status)),
                .. status.Consumers.Select(c => new Check($"consumer {c.Name}", Words.Of(LogChecks.Find(c).Status)))];
            var worst = checks.Exists(c => c.Status == "degraded") ? "degraded" : "healthy";
            // Degraded is still ready: the log waits, nothing is lost, requests are answered.
            return Results.Ok(new View(worst, checks));
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return Results.Json(new View("unhealthy", [new("database", "unhealthy")]), statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static async Task<IResult> Metrics(LogHealth log, Databases databases, MetricsStore figures, [FromServices] PrivatePostgresServer? postgres, CancellationToken ct)
    {
        // Most wanted when the database is away: what the process knows by itself is always told.
        LogStatus? status = null;
        List<Looked> looked = [];
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(ct))
        {
            over.CancelAfter(TimeSpan.FromSeconds(3));
            try
            {
                status = await log.Read(over.Token);
                looked = await new Db(databases.Service, Tenant.None).List<Looked>($"""
                    select distinct on (h.service_name, h.check_name) h.service_name as service, h.check_name as name, h.status
                    from platform.health_results h
                    where h.checked_at > now() - interval '3 minutes'
                    order by h.service_name, h.check_name, h.checked_at desc
                    """, over.Token);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or OperationCanceledException or InvalidOperationException && !ct.IsCancellationRequested) { }
        }
        var text = new StringBuilder();
        void Metric(string name, string help, string type, params (string Labels, double Value)[] samples)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");
            foreach (var (labels, value) in samples) text.Append(CultureInfo.InvariantCulture, $"{name}{labels} {value}\n");
        }
        Metric("clientele_database_up", "Whether the database answered within three seconds.", "gauge", ("", status is null ? 0 : 1));
        if (postgres is not null) Metric("clientele_postgres_deaths_total", "How often the private PostgreSQL died and had to be started again.", "counter", ("", postgres.Deaths?.Count ?? 0));
        Metric("process_resident_memory_bytes", "Resident memory of the server.", "gauge", ("", Environment.WorkingSet));
        figures.Write(text);
        if (status is null) return Results.Text(text.ToString(), "text/plain; version=0.0.4");
        Metric("clientele_check_status", "What was found of what the installation depends on: 0 healthy, 1 degraded, 2 unhealthy.", "gauge",
            [.. looked.Select(l => ($"{{service=\"{l.Service}\",check=\"{l.Name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"}}", (double)Array.IndexOf(grades, l.Status)))]);
        (string, double)[] Each(Func<ConsumerStatus, double> of) => [.. status.Consumers.Select(c => ($"{{consumer=\"{c.Name}\"}}", of(c)))];
        Metric("clientele_log_watermark_age_seconds", "How long one transaction has held the log's watermark.", "gauge", ("", status.WatermarkAgeSeconds));
        Metric("clientele_log_epoch", "Epoch of the log.", "gauge", ("", status.Epoch));
        Metric("clientele_consumer_lag_events", "Events not yet taken in, counted up to 100000.", "gauge", Each(c => c.LagEvents));
        Metric("clientele_consumer_lag_seconds", "Age of the oldest event not yet taken in.", "gauge", Each(c => c.LagSeconds));
        Metric("clientele_consumer_events_total", "Events taken in.", "counter", Each(c => c.EventsRead));
        return Results.Text(text.ToString(), "text/plain; version=0.0.4");
    }
}
