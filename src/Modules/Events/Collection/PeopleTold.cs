using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Clientele.Platform.Data;

namespace Clientele.Events.Collection;

/// <summary>What events tell of the people they are about: traits, groups, other ids, where they came from.</summary>
internal static class PeopleTold
{
    private sealed record Traits(
        Guid Profile, string? Email, string? Phone, string? Name, DateOnly? Born, string? Gender, string? Country, string? State, string? City, string? PostalCode, string? TimeZone, string Others);

    public static async Task Write(Transaction t, CollectionSettings settings, List<CollectedEvent> events, CancellationToken ct)
    {
        await Ids(t, settings, [.. events.Where(e => e.Profile is not null && e.ExternalIds.Count > 0)], ct);
        // What anybody could have sent first: the word of who has a secret stands.
        foreach (var told in events.Where(e => e.Profile is not null && e.Traits is not null && e.Call != Call.Group).GroupBy(e => e.Trusted).OrderBy(g => g.Key))
            await Learn(t, [.. told], told.Key, ct);
        await Groups(t, [.. events.Where(e => e is { Call: Call.Group, GroupKey: not null })], ct);
        await Touches(t, [.. events.Where(e => e.Profile is not null && e.Touch is not null)], ct);
    }

    private static async Task Ids(Transaction t, CollectionSettings settings, List<CollectedEvent> events, CancellationToken ct)
    {
        var ids = events.SelectMany(e => e.ExternalIds.Select(i => (Profile: e.Profile!.Value, i.Kind, i.Id))).Distinct().ToList();
        if (ids.Count == 0 || settings.MaxExternalIds == 0) return;
        await t.Run($"select customers.goes_by({ids.Select(i => i.Profile).ToArray()}, {ids.Select(i => i.Kind).ToArray()}, {ids.Select(i => i.Id).ToArray()}, {settings.MaxExternalIds})", ct);
    }

    private static async Task Learn(Transaction t, List<CollectedEvent> events, bool trusted, CancellationToken ct)
    {
        if (events.Count == 0) return;
        // Told of twice in one go: what was said last counts.
        var told = events.GroupBy(e => e.Profile!.Value).Select(g => Known(g.Key, g.Select(e => e.Traits!))).ToList();
        T[] Column<T>(Func<Traits, T> of) => [.. told.Select(of)];
        await t.Run($"""
            select customers.learn({Column(x => x.Profile)}, {Column(x => x.Email)}, {Column(x => x.Phone)}, {Column(x => x.Name)}, {Column(x => x.Born)}, {Column(x => x.Gender)},
                                   {Column(x => x.Country)}, {Column(x => x.State)}, {Column(x => x.City)}, {Column(x => x.PostalCode)}, {Column(x => x.TimeZone)},
                                   {Column(x => x.Others)}::jsonb[], {trusted})
            """, ct);
    }

    /// <summary>Known traits for their columns; the rest, and what does not fit a column, as custom attributes.</summary>
    private static Traits Known(Guid profile, IEnumerable<string> told)
    {
        var others = new JsonObject();
        foreach (var traits in told)
        {
            using var document = JsonDocument.Parse(traits, new JsonDocumentOptions { MaxDepth = 200 });
            Copy(document.RootElement, others);
        }
        string? Take(string name, int most, JsonObject? from = null)
        {
            var source = from ?? others;
            if (source[name] is not JsonValue value || !value.TryGetValue<string>(out var text) || string.IsNullOrWhiteSpace(text) || text.Trim().Length > most) return null;
            source.Remove(name);
            return text.Trim();
        }
        string? Either(int most, params ReadOnlySpan<string> names)
        {
            string? found = null;
            foreach (var name in names) found ??= Take(name, most);
            return found;
        }
        var email = others["email"] is JsonValue e && e.TryGetValue<string>(out var address) && address.Contains('@', StringComparison.Ordinal) ? Take("email", 255) : null;
        var (first, last) = (Either(120, "firstName", "first_name"), Either(120, "lastName", "last_name"));
        var name = Take("name", 255) ?? (first is null && last is null ? null : $"{first} {last}".Trim());
        // Each alone is no name to call somebody by, and is kept for letters.
        if (first is not null) others["firstName"] = first;
        if (last is not null) others["lastName"] = last;
        var born = (others["birthday"] ?? others["date_of_birth"]) is JsonValue b && b.TryGetValue<string>(out var day) && day.Length >= 10
            && DateOnly.TryParseExact(day[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year >= 1850 ? date : (DateOnly?)null;
        if (born is not null) { others.Remove("birthday"); others.Remove("date_of_birth"); }
        var home = others["address"] as JsonObject;
        var result = new Traits(profile, email, Take("phone", 20), name, born, Take("gender", 20),
            (home is null ? null : Take("country", 50, home)) ?? Take("country", 50), (home is null ? null : Take("state", 50, home)) ?? Take("state", 50),
            (home is null ? null : Take("city", 100, home)) ?? Take("city", 100),
            (home is null ? null : Take("postalCode", 20, home)) ?? Either(20, "postalCode", "postal_code"), Take("timezone", 50), string.Empty);
        if (home is { Count: 0 }) others.Remove("address");
        return result with { Others = others.ToJsonString() };
    }

    // Member by member: of two with one name the last counts, here as in PostgreSQL.
    private static void Copy(JsonElement from, JsonObject to)
    {
        foreach (var member in from.EnumerateObject())
        {
            if (member is { Name: "address", Value.ValueKind: JsonValueKind.Object })
            {
                var address = new JsonObject();
                Copy(member.Value, address);
                to[member.Name] = address;
            }
            else to[member.Name] = JsonNode.Parse(member.Value.GetRawText(), null, new JsonDocumentOptions { MaxDepth = 200 });
        }
    }

    private static async Task Groups(Transaction t, List<CollectedEvent> events, CancellationToken ct)
    {
        if (events.Count == 0) return;
        await t.Run($"""
            select customers.belongs_to({events.Select(e => e.GroupType!).ToArray()}, {events.Select(e => e.GroupKey!).ToArray()},
                                        {events.Select(e => e.Traits ?? "{}").ToArray()}::jsonb[], {events.Select(e => e.Profile).ToArray()})
            """, ct);
    }

    private static async Task Touches(Transaction t, List<CollectedEvent> events, CancellationToken ct)
    {
        if (events.Count == 0) return;
        await t.Run($"""
            select customers.came_from({events.Select(e => e.Profile!.Value).ToArray()}, {events.Select(e => e.Touch!).ToArray()}::jsonb[], {events.Select(e => e.OccurredAt).ToArray()})
            """, ct);
    }
}
