using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using Clientele.Testing;

namespace Clientele.EndToEnd.Tests;

/// <summary>The built executable sends OpenTelemetry to a real receiver, and what PostgreSQL counts is shown.</summary>
public sealed class TelemetryTests
{
    private const string Secret = "hunter2";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_one_trace_down_to_its_statements_and_a_job_another_and_no_secret_is_in_any()
    {
        await using var receiver = await Otlp.Start();
        await using var installation = new Installation();
        foreach (var (name, value) in new[]
        {
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tests"),
            ("OTEL_BSP_SCHEDULE_DELAY", "200"), ("OTEL_METRIC_EXPORT_INTERVAL", "500"), ("OTEL_BLRP_SCHEDULE_DELAY", "200"),
        }) installation.Variables[name] = value;
        await installation.StartServer();
        using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{installation.Port}/") };
        client.DefaultRequestHeaders.Add("X-Clientele", "console");
        client.DefaultRequestHeaders.Add("Clientele-Organization", "main");
        var password = Regex.Match(installation.Server!.Output, @"Password\s+(\S+)\s+one-time").Groups[1].Value;
        using (var signedIn = await client.PostAsJsonAsync("api/session", new { email = "admin@example.com", password }, Ct)) signedIn.EnsureSuccessStatusCode();
        using (var chosen = await client.PutAsJsonAsync("api/session/password", new { currentPassword = password, newPassword = TestApp.Password }, Ct)) chosen.EnsureSuccessStatusCode();

        using (var refused = await client.PostAsJsonAsync($"api/session?token={Secret}", new { email = $"{Secret}@example.com", password = Secret }, Ct)) Assert.Equal(401, (int)refused.StatusCode);
        // PostgreSQL's own words may hold what somebody sent.
        await installation.Scalar<object?>($"""
            create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'No "{Secret}" here.'; end $$;
            create trigger refuse before insert or update on platform.sign_in_attempts for each row execute function public.refuse();
            select 1
            """);
        using (var failed = await client.PostAsJsonAsync("api/session", new { email = $"{Secret}@example.com", password = Secret }, Ct)) Assert.Equal(500, (int)failed.StatusCode);
        await installation.Scalar<object?>("update platform.scheduled_jobs set run_requested_at = now() where job_name = 'hourly_segment_refresh' returning 1");

        await Installation.Until("the job's span", () => Task.FromResult(receiver.Spans().Any(s => s.Name == "job segment_update")));
        await Installation.Until("its figures", () => Task.FromResult(receiver.Text.Contains("clientele.job.runs", StringComparison.Ordinal)));
        await Installation.Until("the log's word of the failure", () => Task.FromResult(receiver.Logs.Any(l => Encoding.UTF8.GetString(l).Contains("exception.stacktrace", StringComparison.Ordinal))));
        var spans = receiver.Spans();
        var requests = spans.Where(s => s.Name == "POST /api/session/").ToList();
        Assert.True(requests.Count >= 2, string.Join(", ", spans.Select(s => s.Name).Distinct()));
        Assert.All(requests, r => Assert.Equal(("/api/session/", "POST"), (r.Attributes["http.route"], r.Attributes["http.request.method"])));
        Assert.All(requests, r => Assert.Contains(spans, s => s.Scope == "Npgsql" && s.Trace == r.Trace && s.Parent == r.Id));
        var job = spans.First(s => s.Name == "job segment_update");
        Assert.DoesNotContain(requests, r => r.Trace == job.Trace);
        Assert.Contains(spans, s => s.Scope == "Npgsql" && s.Trace == job.Trace);
        var statements = spans.Where(s => s.Scope == "Npgsql").Select(s => s.Attributes.GetValueOrDefault("db.query.text") ?? string.Empty).ToList();
        Assert.Contains(statements, s => s.Contains("$1", StringComparison.Ordinal));
        Assert.Contains("http.server.request.duration", string.Concat(receiver.Metrics.Select(Encoding.UTF8.GetString)), StringComparison.Ordinal);
        Assert.Contains("deployment.environment.name", receiver.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, receiver.Text, StringComparison.Ordinal);

        Assert.DoesNotContain(TestApp.Password, receiver.Text, StringComparison.Ordinal);

        // What PostgreSQL counts: the private one is told to, where it can.
        if (!await installation.Scalar<bool>("select exists (select from pg_available_extensions a where a.name = 'pg_stat_statements')")) return;
        var database = await client.Json("api/operator/database");
        var slow = database.GetProperty("statements");
        Assert.True(slow.GetProperty("available").GetBoolean(), slow.ToString());
        Assert.Contains(slow.GetProperty("items").EnumerateArray(), s => s.GetProperty("role").GetString() == "clientele_service" && s.GetProperty("calls").GetInt64() > 0);
        Assert.DoesNotContain(Secret, slow.ToString(), StringComparison.Ordinal);
    }
}
