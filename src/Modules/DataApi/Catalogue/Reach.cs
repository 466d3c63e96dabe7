using System.Text.RegularExpressions;
using Clientele.Platform.Tenancy;

namespace Clientele.DataApi.Catalogue;

/// <summary>
/// The least access to which row-level security can show a row of a relation, and with which one can be written. It decides what is
/// told of, never what is answered: it may be too low (a policy that asks for more than it can be seen to), and is never too high.
/// <see cref="Access.System"/>: nobody who asks over the API.
/// </summary>
internal sealed record Reach(Access Read, Access Insert, Access Update, Access Delete)
{
    public static Reach Anybody { get; } = new(Access.Visitor, Access.Visitor, Access.Visitor, Access.Visitor);
}

/// <param name="Command">r, a, w, d or *, as in pg_policy.</param>
/// <param name="Permissive">One of these has to hold; of the others, each.</param>
internal sealed record Policy(uint Relation, char Command, bool Permissive, string? Using, string? Check)
{
    /// <summary>What a table's policies come to for one command.</summary>
    /// <param name="written">The predicate of rows that are written, in place of that of rows that are there.</param>
    public static Access Least(IEnumerable<Policy> policies, char command, bool written)
    {
        var (enough, needed) = (Access.System, Access.Visitor);
        foreach (var policy in policies)
        {
            if (policy.Command != '*' && policy.Command != command) continue;
            if ((written ? policy.Check ?? policy.Using : policy.Using) is not { } predicate) continue;
            var least = Predicate.Least(predicate);
            if (policy.Permissive) enough = Min(enough, least);
            else needed = Max(needed, least);
        }
        return Max(enough, needed);
    }

    public static Access Min(Access a, Access b) => a < b ? a : b;

    public static Access Max(Access a, Access b) => a > b ? a : b;
}

/// <summary>
/// What access a predicate asks for, read from the text PostgreSQL writes of it (<c>pg_get_expr</c>). A comparison with
/// <c>(select platform.tenant('member'))</c> holds for nobody below; "and" asks for the most of its parts, "or" for the least.
/// What is not understood asks for nothing.
/// </summary>
internal static partial class Predicate
{
    public static Access Least(string predicate) => Of(Spaces().Replace(predicate, " ").Trim());

    /// <summary>What the <c>where</c> of a query without groups and unions asks for.</summary>
    public static Access OfQuery(string query) => Where(Spaces().Replace(query, " ").Trim().TrimEnd(';'));

    private static Access Of(string text)
    {
        text = Bare(text);
        if (Parts(text, " OR ") is { Count: > 1 } either) return either.Min(Of);
        if (Parts(text, " AND ") is { Count: > 1 } each) return each.Max(Of);
        if (text == "false") return Access.System;
        if (Tenant().Match(text) is { Success: true } tenant) return Enum.TryParse<Access>(tenant.Groups["least"].Value, ignoreCase: true, out var least) ? least : Access.System;
        // A key has no person behind it.
        if (Actor().IsMatch(text)) return Access.Member;
        return Exists().Match(text) is { Success: true } exists && Bare(text[exists.Length..]) is var query && Rows().IsMatch(query) ? Where(query) : Access.Visitor;
    }

    private static Access Where(string query)
    {
        var at = Places(query, " WHERE ");
        return at.Count == 1 && !other.Any(w => Places(query, w).Count > 0) ? Of(query[(at[0] + " WHERE ".Length)..]) : Access.Visitor;
    }

    private static readonly string[] other = [" UNION ", " INTERSECT ", " EXCEPT ", " GROUP BY ", " HAVING ", " WINDOW ", " ORDER BY ", " LIMIT ", " OFFSET "];

    // Without the brackets around the whole.
    private static string Bare(string text)
    {
        while (text.StartsWith('(') && Outer(text)) text = text[1..^1].Trim();
        return text;
    }

    private static bool Outer(string text)
    {
        var end = -1;
        Walk(text, (at, depth) =>
        {
            if (depth == 0 && end < 0) end = at;
        });
        return end == text.Length - 1;
    }

    private static List<string> Parts(string text, string word)
    {
        var parts = new List<string>();
        var start = 0;
        foreach (var at in Places(text, word))
        {
            parts.Add(text[start..at]);
            start = at + word.Length;
        }
        parts.Add(text[start..]);
        return parts;
    }

    // Where a word stands outside of brackets and quotes.
    private static List<int> Places(string text, string word)
    {
        var places = new List<int>();
        Walk(text, (at, depth) =>
        {
            if (depth == 0 && string.CompareOrdinal(text, at, word, 0, word.Length) == 0) places.Add(at);
        });
        return places;
    }

    // Each character that is not inside of quotes, with the brackets that are open after it.
    private static void Walk(string text, Action<int, int> each)
    {
        var (depth, quote) = (0, '\0');
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote != '\0')
            {
                if (c == quote) quote = '\0';
                continue;
            }
            if (c is '\'' or '"') quote = c;
            else if (c is '(' or '[') depth++;
            else if (c is ')' or ']') depth--;
            each(i, depth);
        }
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^(?:[\w.]+ = (?:\( SELECT )?platform\.tenant\('(?<least>\w+)'::text\)(?: AS tenant\))?|(?:\( SELECT )?platform\.tenant\('(?<least>\w+)'::text\)(?: AS tenant\))? IS NOT NULL)$")]
    private static partial Regex Tenant();

    [GeneratedRegex(@"^[\w.]+ = (?:\( SELECT )?platform\.actor\(\)(?: AS actor\))?$")]
    private static partial Regex Actor();

    [GeneratedRegex(@"^EXISTS ")]
    private static partial Regex Exists();

    // Of a count there is always a row.
    [GeneratedRegex(@"^SELECT (?:1 (?:AS [^ ]+ )?)?FROM ")]
    private static partial Regex Rows();
}

/// <summary>Works out the reach of every relation: of tables from their policies and grants, of views from what they stand on.</summary>
internal sealed class ReachOf(IReadOnlyDictionary<uint, Relation> relations, IReadOnlyDictionary<uint, (ViewRows Rows, string? Query)> views, IEnumerable<Policy> policies)
{
    private readonly ILookup<uint, Policy> policies = policies.ToLookup(p => p.Relation);
    private readonly Dictionary<uint, Reach> known = [];

    public void Tell()
    {
        foreach (var relation in relations.Values)
        {
            relation.Reach = Find(relation);
            if (views.TryGetValue(relation.Oid, out var made) && made.Rows is ViewRows.Of of && relations.TryGetValue(of.Relation, out var table) && !table.IsView) relation.RowsOf = table;
        }
    }

    private Reach Find(Relation relation)
    {
        if (known.TryGetValue(relation.Oid, out var found)) return found;
        // A view that reads itself ends here.
        known[relation.Oid] = Reach.Anybody;
        return known[relation.Oid] = Granted(relation, relation.IsView ? View(relation) : Table(relation));
    }

    private Reach Table(Relation table)
    {
        if (!table.RowSecurity) return Reach.Anybody;
        Access Of(char command, bool written = false) => Policy.Least(policies[table.Oid], command, written);
        return new Reach(Of('r'), Of('a', written: true), Policy.Max(Of('w'), Of('w', written: true)), Of('d'));
    }

    private Reach View(Relation view)
    {
        if (!views.TryGetValue(view.Oid, out var made)) return Reach.Anybody;
        if (!view.AsInvoker) return Reach.Anybody with { Read = made.Query is { } query && view.Kind == 'v' ? Predicate.OfQuery(query) : Access.Visitor };
        // What a trigger writes is its own affair.
        var writes = !view.Triggered && made.Rows is ViewRows.Of behind && relations.TryGetValue(behind.Relation, out var table) ? Find(table) : Reach.Anybody;
        return writes with { Read = Rows(made.Rows) };
    }

    private Access Rows(ViewRows rows) => rows switch
    {
        ViewRows.Of of => relations.TryGetValue(of.Relation, out var relation) ? Find(relation).Read : Access.Visitor,
        ViewRows.All all => all.Parts.Count == 0 ? Access.Visitor : all.Parts.Max(Rows),
        ViewRows.Any any => any.Parts.Count == 0 ? Access.Visitor : any.Parts.Min(Rows),
        _ => Access.Visitor,
    };

    // Whoever changes a row has to see it first.
    private static Reach Granted(Relation relation, Reach reach)
    {
        static Access If(bool granted, Access least) => granted ? least : Access.System;
        var read = If(relation.Granted.Select, reach.Read);
        return new Reach(read, If(relation.Granted.Insert, reach.Insert), Policy.Max(read, If(relation.Granted.Update, reach.Update)), Policy.Max(read, If(relation.Granted.Delete, reach.Delete)));
    }
}
