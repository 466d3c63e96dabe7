using Clientele.Platform.Data;
using Clientele.Platform.Web;

namespace Clientele.Events.Reading;

/// <summary>GET /api/events/newest and a customer's timeline.</summary>
internal static class ReadEvents
{
    public static async Task<EventPage> Newest(int? limit, Db db, CancellationToken ct) =>
        new(await EventView.List(db, Sql.Empty, Math.Clamp(limit ?? 20, 1, 200), ct), null);

    public static async Task<EventPage> Timeline(Guid id, string? before, string? type, int? limit, Db db, CancellationToken ct)
    {
        var most = Math.Clamp(limit ?? 50, 1, 200);
        var cursor = before is null ? null : ((DateTimeOffset Time, Guid Id)?)Cursor.Read(before);
        var page = cursor is { } c ? (Sql)$"and (e.occurred_at, e.id) < ({c.Time}, {c.Id})" : Sql.Empty;
        var ofType = string.IsNullOrEmpty(type) ? Sql.Empty : (Sql)$"and e.event_type = {type}";
        // Nearly everybody has one profile: then the index gives the newest events without sorting.
        var profiles = await db.One<Guid[]>($"select customers.profiles(customers.person({id}))", ct);
        var whose = profiles is [var only] ? (Sql)$"and e.customer_id = {only}" : $"and e.customer_id = any({profiles})";
        var events = await EventView.List(db, $"{whose} {page} {ofType}", most + 1, ct);
        var items = events.Take(most).ToList();
        return new EventPage(items, events.Count > most ? Cursor.Write(items[^1].OccurredAt, items[^1].Id) : null);
    }
}
