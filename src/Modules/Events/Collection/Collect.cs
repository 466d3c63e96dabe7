using System.Text;
using System.Text.Json;
using Clientele.Platform.Keys;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Clientele.Events.Collection;

/// <summary>The pipeline every way in shares: admit, read, find the key, parse, write, answer.</summary>
internal sealed class Collect(Sources sources, Gatherer gatherer, SourceCounts counts, Places places, RateLimits limits, TimeProvider clock)
{
    /// <summary>The most any organization can allow (collection.max_batch_kb), and what is read while the key is not known yet.</summary>
    private const int MostBytes = 8 * 1024 * 1024;

    private const int ShownPayload = 32 * 1024;

    /// <summary>What became of a request's events.</summary>
    public sealed record Outcome(int Accepted, IReadOnlyList<RefusedEvent> Refused);

    /// <summary>Takes the events of a request's body; returns when they are committed.</summary>
    /// <param name="call">What the address says it is; null in a batch.</param>
    /// <exception cref="Problem">400, 401, 403, 413, 429 or 503.</exception>
    public async Task<Outcome> Take(HttpContext context, Call? call, bool postHog = false, bool batch = false)
    {
        var source = await Keyed(context, HeaderKey(context.Request), mustBe: false);
        var most = source?.Settings.MaxBatchBytes ?? MostBytes;
        try
        {
            if (context.Request.ContentLength > most) throw Body.TooLarge(most);
            // One that does not say how long it is may become as long as any.
            using var room = gatherer.Enter(context.Request.ContentLength ?? most);
            // Small bodies unpack to large ones: what they become counts, while they become it.
            var came = context.Request.ContentLength ?? most;
            var body = await Body.Read(context.Request, most, unpacked => room.Become(Math.Max(came, unpacked)), context.RequestAborted);
            room.Become(body.Length);
            return await Take(context, source, body, call, postHog, batch, null, room);
        }
        catch (Problem) when (source is not null)
        {
            counts.Failed(source);
            throw;
        }
    }

    /// <summary>The same for a body that came another way.</summary>
    public async Task<Outcome> Take(HttpContext context, byte[] body, Call? call, string? queryKey)
    {
        using var room = gatherer.Enter(body.Length);
        return await Take(context, null, body, call, postHog: false, batch: false, queryKey, room);
    }

    private async Task<Outcome> Take(HttpContext context, Source? source, byte[] body, Call? call, bool postHog, bool batch, string? queryKey, Gatherer.Room room)
    {
        Envelope envelope;
        try { envelope = Envelope.Read(body); }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            if (source is null) throw NoKey();
            throw new Problem(400, "invalid_json", "The body is no JSON object. Check that it is complete, and encoded as its headers say.");
        }
        source ??= await Keyed(context, queryKey ?? envelope.WriteKey ?? InnerKey(envelope), mustBe: true);
        var settings = source!.Settings;
        if (!source.Takes(context.Request.Headers.Origin)) throw new Problem(403, "origin_refused", "This write key is not meant for pages of this site. Add its origin to the key.");
        if (!KeyUse.IsAllowed(source.AllowedAddresses, context.Connection.RemoteIpAddress)) throw new Problem(403, "address_refused", "This key is not taken from this address. Add its network to the key.");
        KeyUse.Mark(context, source.OrganizationId, source.KeyId);
        var decision = await limits.Take(source.OrganizationId, source.KeyId, context.Request.Path.Value ?? "/", context.Connection.RemoteIpAddress, context.RequestAborted);
        decision.WriteTo(context.Response);
        decision.Enforce();
        if (body.Length > settings.MaxBatchBytes) throw Body.TooLarge(settings.MaxBatchBytes);
        if (batch && envelope.Batch is null && !postHog) throw new Problem(400, "batch_missing", "A batch has its events in an array: {\"batch\": [...]}.");
        var items = envelope.Batch is not null && call is not null ? throw new Problem(400, "batch_misplaced", "A batch of events goes to /v1/batch.") : envelope.Items();
        if (items.Count > settings.MaxBatchEvents) throw new Problem(413, "too_many_events", $"The batch has {items.Count} events, and may have {settings.MaxBatchEvents}. Send it in parts.");
        if (envelope.Batch is null && body.Length > settings.MaxEventBytes) throw new Problem(413, "too_large", $"The event is larger than {settings.MaxEventBytes / 1024} KB. Leave something out, or let an administrator raise collection.max_event_kb.");

        room.Become(body.Length + Repeated(envelope, items.Count, settings));

        var pending = Parse(envelope, items, Arrived(context, source), call, postHog);
        await gatherer.Write(pending, room, context.RequestAborted);
        return new Outcome(pending.Events.Count(e => e.Fate is not Fate.Quarantined), [.. pending.Refused, .. pending.Events.Where(e => e.Fate == Fate.Quarantined).Select(e => new RefusedEvent(-1, e.Problem!, "{}", e.Type, e.MessageId))]);
    }

    // What a batch says once for all its events stands in the row of each: a small body must not become gigabytes of rows.
    private static long Repeated(Envelope envelope, int events, CollectionSettings settings)
    {
        if (envelope.Batch is null) return 0;
        var shared = (long)envelope.Context.Length + envelope.Integrations.Length + (envelope.SentAt?.Length ?? 0);
        if (shared > settings.MaxEventBytes)
            throw new Problem(413, "too_large", $"What the batch says for all its events (context, integrations) is larger than {settings.MaxEventBytes / 1024} KB. Leave something out, or let an administrator raise collection.max_event_kb.");
        if (shared * events > MostBytes)
            throw new Problem(413, "too_large", $"What the batch says for all its events (context, integrations) is larger than {MostBytes / 1024} KB when it stands with each of them. Send fewer events at once, or a shorter context.");
        return shared * events;
    }

    private static Pending Parse(Envelope envelope, List<(int Start, int Length, bool IsObject)> items, Arrival arrival, Call? call, bool postHog)
    {
        var pending = new Pending(arrival.Source, new List<CollectedEvent>(items.Count), []);
        foreach (var (index, (start, length, isObject)) in items.Index())
        {
            var item = envelope.Body.AsSpan(start, length);
            string? problem, type = null, message = null;
            CollectedEvent? read = null;
            if (!isObject) problem = "It is no JSON object.";
            else if (length > arrival.Source.Settings.MaxEventBytes) problem = $"It is larger than {arrival.Source.Settings.MaxEventBytes / 1024} KB.";
            else (read, problem, type, message) = new EventReader(item, envelope, arrival).Read(call, postHog);
            if (read is not null) pending.Events.Add(read);
            else pending.Refused.Add(new RefusedEvent(index, problem!, Shown(item), type, message));
        }
        return pending;
    }

    private static string Shown(ReadOnlySpan<byte> item) =>
        item.Length > ShownPayload ? JsonText.Quote(Encoding.UTF8.GetString(item[..ShownPayload])) : JsonText.Safe(Encoding.UTF8.GetString(item)) ?? JsonText.Quote(Encoding.UTF8.GetString(item));

    // PostHog's libraries may name the key inside the event.
    private static string? InnerKey(Envelope envelope)
    {
        if (envelope.Batch is null && envelope.Body.AsSpan().IndexOf("\"token\""u8) < 0) return null;
        foreach (var (start, length, isObject) in envelope.Items().Take(1))
        {
            if (!isObject) continue;
            try
            {
                using var document = JsonDocument.Parse(envelope.Body.AsMemory(start, length), new JsonDocumentOptions { MaxDepth = 1000 });
                foreach (var owner in (JsonElement[])[document.RootElement, document.RootElement.TryGetProperty("properties", out var p) ? p : default])
                    foreach (var name in (string[])["api_key", "token", "writeKey"])
                        if (owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var key) && key.ValueKind == JsonValueKind.String) return key.GetString();
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException) { return null; }
        }
        return null;
    }

    public Arrival Arrived(HttpContext context, Source source)
    {
        var headers = context.Request.Headers;
        // A page sends its origin, or what the fetch is for; a server's library does neither.
        var browser = headers.Origin.Count > 0 || headers.ContainsKey("Sec-Fetch-Mode") || HttpMethods.IsGet(context.Request.Method);
        var remote = context.Connection.RemoteIpAddress;
        var (country, city) = browser ? places.Of(context.Request, remote) : (null, null);
        var hints = headers.TryGetValue("Sec-CH-UA-Platform", out var platform)
            ? new Hints(platform.ToString().Trim('"'), headers["Sec-CH-UA-Platform-Version"].ToString().Trim('"'), headers["Sec-CH-UA-Mobile"].ToString() switch { "?1" => true, "?0" => false, _ => null })
            : Hints.None;
        return new Arrival(source, clock.GetUtcNow(), remote, headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null, browser, hints, country, city);
    }

    /// <summary>The source of a key; 401 when there must be one and is none.</summary>
    public async Task<Source?> Keyed(HttpContext context, string? key, bool mustBe)
    {
        if (string.IsNullOrEmpty(key)) return mustBe ? throw NoKey() : null;
        return await sources.Find(key, context.RequestAborted) ?? throw new Problem(401, "write_key_invalid", "This write key is not valid. Copy it from Sources in the console; it may have been revoked.");
    }

    private static Problem NoKey() => new(401, "write_key_missing", "Send the write key: as the user of HTTP Basic, as writeKey in the body, or as a bearer token.");

    private static string? HeaderKey(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            var decoded = new byte[header.Length];
            if (!Convert.TryFromBase64String(header[6..].Trim(), decoded, out var length)) return header[6..].Trim();
            var pair = Encoding.UTF8.GetString(decoded, 0, length);
            // "key:" is how it should be; some send the key without the colon.
            return pair.Split(':')[0];
        }
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && header[7..].Trim() is var token && (token.StartsWith("wk_", StringComparison.Ordinal) || token.StartsWith("sk_", StringComparison.Ordinal)) ? token : null;
    }
}
