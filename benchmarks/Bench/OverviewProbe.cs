using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Log;
using Clientele.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Clientele.Bench;

/// <summary>Asks the overview as the console does: the real application over HTTP, a signed-in session, one request after another.</summary>
internal static class OverviewProbe
{
    private const int Requests = 200;
    private const string Password = "benchmarks are fun to read";

    /// <summary>Milliseconds of each request: right after the import, and once autovacuum has been there (null: it did not come in two minutes).</summary>
    public sealed record Times(IReadOnlyList<double> AtOnce, IReadOnlyList<double>? Later);

    public static async Task<Times> Run(BenchHome home, CancellationToken ct)
    {
        await using var app = App.Build(home.Databases, new AppOptions(0), services => services.AddLogging(l => l.ClearProviders()));
        await app.StartAsync(ct);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Add("X-Clientele", "bench");
        client.DefaultRequestHeaders.Add("Clientele-Organization", "main");
        await SignIn(client, home, ct);
        await QuietLog(app, ct);
        var questions = await Questions(client, ct);
        foreach (var question in questions.Take(20)) await Ask(client, question, ct);
        var times = new Times(await AskAll(client, questions, ct), await Vacuumed(home, ct) ? await AskAll(client, questions, ct) : null);
        await app.StopAsync(ct);
        return times;
    }

    private static async Task<List<double>> AskAll(HttpClient client, List<string> questions, CancellationToken ct)
    {
        var times = new List<double>();
        foreach (var question in questions) times.Add(await Ask(client, question, ct));
        return times;
    }

    // Until then PostgreSQL must look at the rows themselves, though all that is asked is in an index.
    private static async Task<bool> Vacuumed(BenchHome home, CancellationToken ct)
    {
        for (var wait = 0; wait < 120; wait++)
        {
            if (await home.Superuser.One<bool>($"""
                select bool_and(s.last_autovacuum is not null and s.n_ins_since_vacuum < 1000 + s.n_live_tup / 5)
                from pg_stat_user_tables s
                where s.relid in ('commerce.customer_orders'::regclass, 'commerce.customer_order_items'::regclass)
                """, ct)) return true;
            await Task.Delay(1000, ct);
        }
        return false;
    }

    private static async Task SignIn(HttpClient client, BenchHome home, CancellationToken ct)
    {
        using var signedIn = await client.PostAsJsonAsync("api/session", new { email = home.Welcome.Email, password = home.Welcome.OneTimePassword }, ct);
        signedIn.EnsureSuccessStatusCode();
        using var changed = await client.PutAsJsonAsync("api/session/password", new { currentPassword = home.Welcome.OneTimePassword, newPassword = Password }, ct);
        changed.EnsureSuccessStatusCode();
    }

    // The import's facts are first taken in by the consumers, as a little after any import.
    private static async Task QuietLog(WebApplication app, CancellationToken ct)
    {
        var health = app.Services.GetRequiredService<LogHealth>();
        while (await health.Read(ct) is var log && (log.Consumers.Count == 0 || log.Consumers.Any(c => c.LagEvents > 0 || c.EventsRead == 0))) await Task.Delay(200, ct);
    }

    private static async Task<List<string>> Questions(HttpClient client, CancellationToken ct)
    {
        var countries = (await client.GetFromJsonAsync<JsonElement>("api/overview/countries", ct)).EnumerateArray().Select(c => c.GetString()!).ToList();
        var range = (await client.GetFromJsonAsync<JsonElement>("api/overview", ct)).GetProperty("dataRange");
        var (first, last) = (DateOnly.FromDateTime(range.GetProperty("from").GetDateTime()), DateOnly.FromDateTime(range.GetProperty("to").GetDateTime()));
        var days = last.DayNumber - first.DayNumber + 1;
        return [.. Enumerable.Range(0, Requests).Select(i =>
        {
            // All lengths, begun all over the data; every fifth is of one country.
            var length = (i % 5) switch { 0 => 1, 1 => 7, 2 => 30, 3 => days, _ => 1 + i * 13 % days };
            var from = first.AddDays(i * 37 % Math.Max(1, days - length + 1));
            var country = i % 5 == 4 ? "&country=" + Uri.EscapeDataString(countries[i / 5 % countries.Count]) : string.Empty;
            return string.Create(CultureInfo.InvariantCulture, $"api/overview?from={from:yyyy-MM-dd}&to={from.AddDays(length - 1):yyyy-MM-dd}{country}");
        })];
    }

    private static async Task<double> Ask(HttpClient client, string question, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await client.GetAsync(new Uri(question, UriKind.Relative), ct);
        await answer.Content.ReadAsByteArrayAsync(ct);
        answer.EnsureSuccessStatusCode();
        return watch.Elapsed.TotalMilliseconds;
    }
}
