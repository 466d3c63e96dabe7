using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Keys;

/// <summary>
/// Holds keys to the limits of <c>platform.rate_limits</c>. A limit is a bucket of tokens in the database, for all nodes together;
/// a node takes one token at a time, and when it needs them fast some at a time, at most a fiftieth of the limit, which it spends
/// without asking. So the limit is never passed by more than was left from the bucket before, and never missed by more than that.
/// </summary>
public sealed class RateLimits(Databases databases, TimeProvider clock)
{
    private const int Most = 50_000;
    private static readonly TimeSpan believed = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<(Guid Organization, Guid Key), (List<Rule> Rules, long At)> rules = new();
    private readonly ConcurrentDictionary<(Guid Rule, string Subject), Lease> leases = new();

    internal sealed record Rule(Guid Id, string Name, string Route, string CountedBy, long MaxRequests, int WindowSeconds)
    {
        public bool Applies(string route) => Route == "*" || Route == route || (Route.EndsWith('*') && route.StartsWith(Route[..^1], StringComparison.Ordinal));

        public double PerSecond => (double)MaxRequests / WindowSeconds;
    }

    private sealed record Granted(long? Tokens, double? Left);

    // Tokens a node holds of one bucket.
    private sealed class Lease : IDisposable
    {
        public SemaphoreSlim Gate { get; } = new(1);
        public long Tokens;
        public long Size = 1;
        public double Left;
        public long TakenAt;
        public long EmptyUntil = long.MinValue;

        public void Dispose() => Gate.Dispose();
    }

    /// <summary>Counts a request against every limit that applies to it: of all keys, of this key, of this route.</summary>
    /// <param name="organization">Whose key it is.</param>
    /// <param name="key">The key.</param>
    /// <param name="route">The path asked for.</param>
    /// <param name="caller">Where it comes from, for limits that count each address by itself.</param>
    /// <param name="ct">Stops it.</param>
    public async ValueTask<RateDecision> Take(Guid organization, Guid key, string route, IPAddress? caller, CancellationToken ct)
    {
        var decision = RateDecision.Free;
        var paid = new List<Lease>();
        foreach (var rule in await Rules(organization, key, ct))
        {
            if (!rule.Applies(route)) continue;
            var subject = rule.CountedBy switch { "key" => key.ToString(), "caller" => caller?.ToString() ?? string.Empty, _ => string.Empty };
            if (leases.Count > Most) leases.Clear();
            var lease = leases.GetOrAdd((rule.Id, subject), _ => new Lease());
            var (passes, remaining, wait) = await Spend(organization, rule, subject, lease, ct);
            if (!passes)
            {
                // A request that is refused costs nothing.
                foreach (var other in paid) Interlocked.Increment(ref other.Tokens);
                return new RateDecision(rule.Name, rule.MaxRequests, rule.WindowSeconds, 0, wait, wait);
            }
            paid.Add(lease);
            if (decision.Name is null || remaining < decision.Remaining)
                decision = new RateDecision(rule.Name, rule.MaxRequests, rule.WindowSeconds, remaining, TimeSpan.FromSeconds((rule.MaxRequests - remaining) / rule.PerSecond), null);
        }
        return decision;
    }

    private async ValueTask<(bool Passes, long Remaining, TimeSpan Wait)> Spend(Guid organization, Rule rule, string subject, Lease lease, CancellationToken ct)
    {
        if (TryTake(lease)) return (true, Remaining(lease, rule), default);
        if (rule.MaxRequests == 0) return (false, 0, TimeSpan.FromSeconds(rule.WindowSeconds));
        await lease.Gate.WaitAsync(ct);
        try
        {
            if (TryTake(lease)) return (true, Remaining(lease, rule), default);
            var now = clock.GetTimestamp();
            // Known to be empty: the database is not asked until a token can be there.
            if (now < lease.EmptyUntil) return (false, 0, clock.GetElapsedTime(now, lease.EmptyUntil));
            // Spent fast: more at a time; slowly: one by one, so that nothing lies about unused.
            lease.Size = lease.TakenAt != 0 && clock.GetElapsedTime(lease.TakenAt, now) < TimeSpan.FromMilliseconds(200) ? Math.Min(lease.Size * 2, Math.Max(1, rule.MaxRequests / 50)) : Math.Max(1, lease.Size / 2);
            var granted = await new Db(databases.Application, Tenant.System(organization)).One<Granted>($"select t.granted as tokens, t.tokens as left from platform.take_tokens({rule.Id}, {subject}, {lease.Size}) t", ct);
            lease.TakenAt = now;
            // The limit was taken away a moment ago.
            if (granted.Tokens is not { } tokens) return (true, rule.MaxRequests, default);
            lease.Left = granted.Left ?? 0;
            if (tokens == 0)
            {
                var wait = TimeSpan.FromSeconds(Math.Max(0.001, (1 - lease.Left) / rule.PerSecond));
                lease.EmptyUntil = now + (long)(wait.TotalSeconds * clock.TimestampFrequency);
                return (false, 0, wait);
            }
            Interlocked.Add(ref lease.Tokens, tokens - 1);
            return (true, Remaining(lease, rule), default);
        }
        finally { lease.Gate.Release(); }
    }

    private static bool TryTake(Lease lease)
    {
        while (Interlocked.Read(ref lease.Tokens) is > 0 and var tokens)
            if (Interlocked.CompareExchange(ref lease.Tokens, tokens - 1, tokens) == tokens) return true;
        return false;
    }

    // What other nodes hold is not known; what the bucket gained since is.
    private long Remaining(Lease lease, Rule rule) =>
        (long)Math.Min(rule.MaxRequests, Interlocked.Read(ref lease.Tokens) + lease.Left + clock.GetElapsedTime(lease.TakenAt).TotalSeconds * rule.PerSecond);

    private async ValueTask<List<Rule>> Rules(Guid organization, Guid key, CancellationToken ct)
    {
        if (rules.TryGetValue((organization, key), out var found) && clock.GetElapsedTime(found.At) < believed) return found.Rules;
        var read = await new Db(databases.Service, Tenant.None).List<Rule>($"""
            select l.id, l.name, l.route, l.counted_by, l.max_requests, l.window_seconds from platform.rate_limits l
            where l.organization_id = {organization} and l.is_active and (l.api_key_id is null or l.api_key_id = {key})
            order by l.id
            """, ct);
        if (rules.Count > Most) rules.Clear();
        rules[(organization, key)] = (read, clock.GetTimestamp());
        return read;
    }

    /// <summary>A wait as <c>Retry-After</c> says it: whole seconds, at least one.</summary>
    public static string Seconds(TimeSpan wait) => Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}

/// <summary>What the tightest limit says of a request.</summary>
/// <param name="Name">Of the limit; null: none applies.</param>
/// <param name="Limit">So many in a window.</param>
/// <param name="Remaining">How many more would pass now.</param>
/// <param name="Reset">Until all of it is there again; of one that is used up, until one more passes.</param>
/// <param name="RetryAfter">The request is refused, and may come again after so long; null: it passes.</param>
public sealed record RateDecision(string? Name, long Limit, int WindowSeconds, long Remaining, TimeSpan Reset, TimeSpan? RetryAfter)
{
    internal static RateDecision Free { get; } = new(null, 0, 0, 0, default, null);

    /// <summary>Why a request is refused.</summary>
    public string Words => $"Too many requests: {Limit} in {WindowSeconds} seconds are answered (limit \"{Name}\"). Wait as long as Retry-After says.";

    /// <summary>Writes <see cref="Headers"/>.</summary>
    public void WriteTo(HttpResponse response)
    {
        if (Name is null) return;
        // At the last moment: the handler of errors empties the headers first.
        response.OnStarting(() =>
        {
            foreach (var (name, value) in Headers()) response.Headers[name] = value;
            return Task.CompletedTask;
        });
    }

    /// <summary>The headers <c>RateLimit</c> and <c>RateLimit-Policy</c> of the IETF's draft; none where no limit applies.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers()
    {
        if (Name is null) yield break;
        // A structured field's string: printable ASCII.
        var name = string.Concat(Name.Select(c => c is >= ' ' and <= '~' and not ('"' or '\\') ? c : '_'));
        yield return new("RateLimit-Policy", string.Create(CultureInfo.InvariantCulture, $"\"{name}\";q={Limit};w={WindowSeconds}"));
        yield return new("RateLimit", string.Create(CultureInfo.InvariantCulture, $"\"{name}\";r={Remaining};t={(long)Math.Ceiling(Reset.TotalSeconds)}"));
    }

    /// <summary>Refuses with 429 when it must be.</summary>
    /// <exception cref="Problem">A limit is used up.</exception>
    public void Enforce()
    {
        if (RetryAfter is { } wait) throw new Problem(429, "rate_limited", Words) { RetryAfter = wait < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait };
    }
}
