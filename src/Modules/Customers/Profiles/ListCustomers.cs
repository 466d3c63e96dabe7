using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Customers.Profiles;

/// <summary>GET /api/customers: search, filter, sort; pages by cursor.</summary>
internal static class ListCustomers
{
    /// <summary>Above this many the count is the planner's estimate, and said to be one.</summary>
    private const int CountedExactly = 50_000;

    /// <summary>More matches than this mean that the words say too little; the count is then said to be a lower bound.</summary>
    private const int FoundAtMost = 5_000;

    public sealed record View(IReadOnlyList<CustomerView> Items, string? Next, long Total, bool TotalIsExact);

    private sealed record Sort(string Column, string Tie, string Type, bool Descending);

    private static readonly Dictionary<string, Sort> sorts = new(StringComparer.Ordinal)
    {
        // Each is what an index is ordered by: a page of any order is read from its index.
        ["revenue"] = new("f.total_revenue", "f.customer_id", "numeric", false),
        ["orders"] = new("f.total_orders", "f.customer_id", "bigint", false),
        ["lastSeen"] = new("f.last_seen_at", "f.customer_id", "timestamptz", false),
        ["name"] = new("coalesce(c.name, c.customer_id)", "c.id", "text", false),
    };

    private sealed record Keyed(Guid Id, string Key);

    public static async Task<View> Handle(string? search, string? country, string? sort, string? cursor, int? limit, Db db, CancellationToken ct)
    {
        var most = Math.Clamp(limit ?? 50, 1, 200);
        var order = SortOf(sort);
        var filter = Filter(search, country);
        var key = Sql.Composed(order.Column);
        var direction = order.Descending ? Sql.Raw("desc") : Sql.Raw("asc");
        var page = cursor is null ? Sql.Empty : After(cursor, order);
        var ids = await db.List<Keyed>($"""
            select c.id, ({key})::text as key
            from customers.customers c
            join customers.customer_figures f on f.organization_id = c.organization_id and f.customer_id = c.id
            where {OwnPersons} {filter} {page}
            order by {key} {direction}, {Sql.Composed(order.Tie)} {direction}
            limit {most + 1}
            """, ct);
        var shown = ids.Take(most).ToList();
        var items = await CustomerView.Of(db, [.. shown.Select(k => k.Id)], ct);
        var (total, exact) = await Count(db, filter, !string.IsNullOrWhiteSpace(search), ct);
        var next = ids.Count > most ? Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{shown[^1].Id:N}{shown[^1].Key}")) : null;
        return new View(items, next, total, exact);
    }

    private static Sort SortOf(string? sort)
    {
        sort = string.IsNullOrEmpty(sort) ? "-lastSeen" : sort;
        var descending = sort.StartsWith('-');
        return sorts.TryGetValue(sort.TrimStart('-'), out var known)
            ? known with { Descending = descending }
            : throw Problem.Invalid("sort", $"Sort by one of {string.Join(", ", sorts.Keys)}; with a minus in front for descending.");
    }

    // A profile that was merged is not listed, its person is; nor is who was erased.
    private static Sql OwnPersons => Sql.Raw("""
        c.organization_id = (select platform.organization()) and c.erased_at is null
        and not exists (select from customers.person_map m where m.organization_id = c.organization_id and m.profile_id = c.id)
        """);

    private static Sql Filter(string? search, string? country)
    {
        var ofCountry = string.IsNullOrEmpty(country) ? Sql.Empty : (Sql)$"and c.country = {country}";
        return string.IsNullOrWhiteSpace(search) ? ofCountry : $"{ofCountry} and c.id in (select customers.search({search.Trim()}, {FoundAtMost}))";
    }

    private static Sql After(string cursor, Sort order)
    {
        string text;
        try { text = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(cursor)); }
        catch (FormatException) { text = string.Empty; }
        if (text.Length < 32 || !Guid.TryParseExact(text[..32], "N", out var id))
            throw Problem.Invalid("cursor", "This is not a cursor this server gave out. Start again from the first page.");
        var than = order.Descending ? Sql.Raw("<") : Sql.Raw(">");
        return $"and (({Sql.Composed(order.Column)}), {Sql.Composed(order.Tie)}) {than} ({text[32..]}::text::{Sql.Composed(order.Type)}, {id})";
    }

    private static async Task<(long Total, bool Exact)> Count(Db db, Sql filter, bool searched, CancellationToken ct)
    {
        var counted = await db.One<long>($"""
            select count(*) from (
                select from customers.customers c where {OwnPersons} {filter} limit {CountedExactly + 1}) as counted
            """, ct);
        if (counted <= CountedExactly) return (counted, !(searched && counted >= FoundAtMost));
        // The planner's guess for this very question: of this organization, with this filter.
        var plan = await db.One<JsonElement>($"explain (format json) select from customers.customers c where {OwnPersons} {filter}", ct);
        return (Math.Max(counted, plan[0].GetProperty("Plan").GetProperty("Plan Rows").GetInt64()), false);
    }
}
