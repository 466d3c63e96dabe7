using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Clientele.Bench;

/// <summary>Events as a shop has them: sessions of 3 to 30 events, few customers with many; 20 types, a handful of properties; always the same.</summary>
internal static class ShopEvents
{
    public static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private const int Days = 181;

    private static readonly string[] categories = ["shoes", "shirts", "bags", "hats", "belts", "coats", "socks", "scarves", "watches", "rings"];
    private static readonly string[] countries = ["FR", "DE", "ES", "IT", "GB", "US", "SN", "CI", "BE", "CH", "NL", "PT", "CA", "MA", "TN"];
    private static readonly string[] devices = ["mobile", "desktop", "tablet"];
    private static readonly string[] browsers = ["chrome", "safari", "firefox", "edge"];
    private static readonly string[] others =
        ["page_view", "page_view", "page_view", "page_view", "products_searched", "list_viewed", "banner_clicked", "wishlist_added", "review_read", "video_played", "coupon_entered",
         "email_opened", "email_clicked", "account_viewed", "size_guide_opened", "support_contacted", "share_clicked"];

    public static Guid Customer(int i)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, i * 2654435761L);
        BitConverter.TryWriteBytes(bytes[8..], (ulong)(i + 1) * 0x9E3779B97F4A7C15UL);
        return new Guid(bytes);
    }

    public static string Country(int i) => countries[(int)((i * 7L + i / 15) % countries.Length)];

    /// <summary>An event; the person is a number from 0.</summary>
    public readonly record struct Shop(int Person, string Type, DateTime At, decimal? Value, string? Properties, long Session)
    {
        public string Device => devices[(Session + Person) % 3 == 0 ? 1 : Session % 17 == 0 ? 2 : 0];
        public string Browser => browsers[(int)((Person + Session % 2) % 4)];
    }

    public static IEnumerable<Shop> Of(long events, int customers)
    {
        var random = new Random(42);
        var (at, left, session, person) = (Start, 0, 0L, 0);
        for (long n = 0; n < events; n++)
        {
            if (left-- <= 0)
            {
                // Squared: a few customers come often.
                var share = random.NextDouble();
                person = (int)(share * share * customers);
                at = Start.AddMilliseconds(random.NextDouble() * Days * 86_400_000);
                at = at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMillisecond));
                (left, session) = (random.Next(2, 30), session + 1);
                yield return new Shop(person, "session_started", at, null, null, session);
                continue;
            }
            at = at.AddMilliseconds(random.Next(500, 90_000));
            var (type, value, properties) = Event(random);
            yield return new Shop(person, type, at, value, properties, session);
        }
    }

    public static async Task Copy(NpgsqlConnection connection, Guid organization, Guid[] customers, long events, CancellationToken ct)
    {
        await using var copy = await connection.BeginBinaryImportAsync("""
            copy log.events (organization_id, id, event_type, event_name, event_category, properties, event_value, currency, customer_id, session_id, device_type, browser, country,
                             occurred_at, data_source) from stdin (format binary)
            """, ct);
        foreach (var e in Of(events, customers.Length)) await Row(copy, organization, customers[e.Person], e, ct);
        await copy.CompleteAsync(ct);
    }

    private static (string Type, decimal? Value, string? Properties) Event(Random random)
    {
        var chance = random.Next(1000);
        if (chance >= 520) return (others[random.Next(others.Length)], null, null);
        var product = random.Next(5000);
        var properties = string.Create(CultureInfo.InvariantCulture, $$"""{"product_id": "P{{product}}", "category": "{{categories[product % 10]}}", "price": {{5 + product % 200}}}""");
        if (chance < 380) return ("product_viewed", null, properties);
        if (chance < 460) return ("cart_item_added", null, properties);
        if (chance < 495) return ("checkout_started", null, null);
        return ("order_completed", random.Next(500, 30_000) / 100m, string.Create(CultureInfo.InvariantCulture, $$"""{"items": {{random.Next(1, 6)}}}"""));
    }

    private static async Task Row(NpgsqlBinaryImporter copy, Guid organization, Guid customer, Shop e, CancellationToken ct)
    {
        await copy.StartRowAsync(ct);
        await copy.WriteAsync(organization, ct);
        await copy.WriteAsync(Guid.NewGuid(), ct);
        await copy.WriteAsync(e.Type, ct);
        await copy.WriteAsync(e.Type, ct);
        await copy.WriteAsync("engagement", ct);
        await copy.WriteAsync(e.Properties ?? "{}", NpgsqlDbType.Jsonb, ct);
        if (e.Value is { } amount) await copy.WriteAsync(amount, ct);
        else await copy.WriteNullAsync(ct);
        if (e.Value is null) await copy.WriteNullAsync(ct);
        else await copy.WriteAsync("EUR", ct);
        await copy.WriteAsync(customer, ct);
        await copy.WriteAsync(e.Session.ToString("x", CultureInfo.InvariantCulture), ct);
        await copy.WriteAsync(e.Device, ct);
        await copy.WriteAsync(e.Browser, ct);
        await copy.WriteAsync(Country(e.Person), ct);
        await copy.WriteAsync(e.At, NpgsqlDbType.TimestampTz, ct);
        await copy.WriteAsync("bench", ct);
    }
}
