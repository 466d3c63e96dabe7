using System.Globalization;

namespace Clientele.Platform.Tests;

/// <summary>What /metrics tells, with a database and without.</summary>
[Collection<HealthCollection>]
public sealed class MetricsTests(HealthApp app)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Runs", "processes")]
    public async Task Metrics_are_told_when_the_database_is_away()
    {
        await app.Recorder(new HealthClock(DateTimeOffset.UtcNow.AddMinutes(-2))).Run(Ct);
        var well = await app.Anonymous.GetStringAsync(new Uri("metrics", UriKind.Relative), Ct);
        Assert.Contains("clientele_database_up 1\n", well, StringComparison.Ordinal);
        Assert.Contains("clientele_check_status{service=\"platform\",check=\"database\"} 0\n", well, StringComparison.Ordinal);
        await using var superuser = await app.OpenSuperuser();
        await using var holder = await superuser.BeginTransactionAsync(Ct);
        await using (var hold = new Npgsql.NpgsqlCommand("lock table log.state", superuser)) await hold.ExecuteNonQueryAsync(Ct);
        var away = await app.Anonymous.GetStringAsync(new Uri("metrics", UriKind.Relative), Ct);
        Assert.Contains("clientele_database_up 0\n", away, StringComparison.Ordinal);
        Assert.Contains("db_client_connection_max{", away, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_tell_requests_by_route_pools_and_errors_and_no_address_of_anybodys()
    {
        var id = Guid.NewGuid();
        using (await app.Admin.GetAsync(new Uri($"api/customers/{id}", UriKind.Relative), Ct)) { }
        using (await app.Admin.GetAsync(new Uri($"nowhere/{id}", UriKind.Relative), Ct)) { }
        app.Logger("Clientele.Metered.Source").LogAgain();
        var text = await app.Anonymous.GetStringAsync(new Uri("metrics", UriKind.Relative), Ct);
        double Value(string series) => double.Parse(text.Split('\n').Single(l => l.StartsWith(series + " ", StringComparison.Ordinal)).Split(' ')[^1], CultureInfo.InvariantCulture);
        var line = text.Split('\n').First(l => l.StartsWith("http_server_request_duration_seconds_count", StringComparison.Ordinal) && l.Contains("/api/customers/{id:guid}", StringComparison.Ordinal) && l.Contains("404", StringComparison.Ordinal));
        Assert.Contains("method=\"GET\"", line, StringComparison.Ordinal);
        Assert.DoesNotContain(id.ToString(), text, StringComparison.Ordinal);
        Assert.True(Value("db_client_connection_max{pool=\"clientele_app\"}") > 0);
        Assert.True(Value("clientele_errors_total{source=\"metered\",severity=\"error\"}") >= 1);
        Assert.Contains("clientele_consumer_lag_seconds{", text, StringComparison.Ordinal);
    }
}
