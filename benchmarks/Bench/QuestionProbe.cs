using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Clientele.Platform.Sessions;

namespace Clientele.Bench;

/// <summary>
/// Asks the questions as the console does: the real executable, just started over timelines that are there already, a signed-in session, one request
/// after another. Each request is about another span of days, so that no answer comes out of the cache.
/// </summary>
internal static class QuestionProbe
{
    private const int Requests = 60;
    private const string Password = "benchmarks are fun to read";

    /// <param name="First">Milliseconds of the first answer after the start, by question.</param>
    /// <param name="P95">Milliseconds within which 95 of 100 answers came, by question, once warm.</param>
    public sealed record Times(IReadOnlyDictionary<string, double> First, IReadOnlyDictionary<string, double> P95);

    /// <param name="data">The data folder; it holds the timelines.</param>
    public static async Task<Times> Run(BenchHome home, string data, IReadOnlyList<(string Name, string Query)> questions, CancellationToken ct)
    {
        // A password that was chosen: a server that starts gives out a new one-time one until then.
        await home.Superuser.Run($"update platform.platform_users u set password_hash = {Passwords.Hash(Password)}, must_change_password = false where u.email = {home.Welcome.Email}", ct);
        // The events were put in without a server. One that ran while they came would have taken them in long ago; to do it now, beside the questions, would be measured too.
        await home.Superuser.Run($"""
            insert into log.consumers (name, built_in, epoch, writer, position)
            select 'customers.figures', s.epoch, e.epoch, e.writer, e.position
            from log.state s, (select e.epoch, e.writer, e.position from log.events e order by e.epoch desc, e.writer desc, e.position desc limit 1) e
            on conflict (name) do update set (built_in, epoch, writer, position) = (excluded.built_in, excluded.epoch, excluded.writer, excluded.position)
            """, ct);
        await using var server = await ServerProcess.Start(data, ct, home.Databases.ConnectionString);
        using var client = new HttpClient { BaseAddress = server.Address };
        client.DefaultRequestHeaders.Add("X-Clientele", "bench");
        client.DefaultRequestHeaders.Add("Clientele-Organization", "main");
        using (var signedIn = await client.PostAsJsonAsync("api/session", new { email = home.Welcome.Email, password = Password }, ct)) signedIn.EnsureSuccessStatusCode();
        var (first, p95) = (new Dictionary<string, double>(), new Dictionary<string, double>());
        foreach (var (name, query) in questions) first[name] = await Ask(client, query, 0, ct);
        // The start's own work is done: five seconds in which PostgreSQL has nothing to do.
        for (var quiet = 0; quiet < 5; await Task.Delay(1000, ct))
            quiet = await home.Superuser.One<bool>($"select exists (select from pg_stat_activity a where a.state = 'active' and a.pid <> pg_backend_pid() and a.backend_type in ('client backend', 'parallel worker', 'autovacuum worker'))", ct) ? 0 : quiet + 1;
        foreach (var (name, query) in questions)
        {
            var times = new List<double>();
            for (var i = 1; i <= Requests; i++) times.Add(await Ask(client, query, i, ct));
            // The first ten still find code that is not compiled for good.
            p95[name] = Table.Percentile(times.Skip(10).ToList(), 0.95);
            Table.Row(name + " over HTTP", $"p95 {p95[name]:0} ms", System.FormattableString.Invariant($"p50 {Table.Percentile(times, 0.5):0} ms, the first after the start {first[name]:0} ms"));
        }
        Table.Row("the server", $"{server.ResidentMegabytes:0} MB", "resident, mapped files among it");
        return new Times(first, p95);
    }

    private static async Task<double> Ask(HttpClient client, string query, int earlier, CancellationToken ct)
    {
        var asked = JsonNode.Parse(query)!.AsObject();
        foreach (var field in new[] { "from", "to" })
            asked[field] = DateOnly.Parse(asked[field]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture).AddDays(-earlier).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        for (var patience = 0; ; patience++)
        {
            var watch = Stopwatch.StartNew();
            using var answer = await client.PostAsJsonAsync("api/analytics/query", asked, ct);
            var text = await answer.Content.ReadAsStringAsync(ct);
            // The timelines are opened beside the start; who asks before is told to come again.
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && patience < 600)
            {
                await Task.Delay(100, ct);
                continue;
            }
            answer.EnsureSuccessStatusCode();
            if (text.Contains("\"cached\":true", StringComparison.Ordinal)) throw new InvalidOperationException("An answer out of the cache measures nothing.");
            return watch.Elapsed.TotalMilliseconds;
        }
    }
}
