using System.Text.Json;
using Clientele.DataApi.Catalogue;

namespace Clientele.DataApi.Plan;

/// <summary>Which relationship an embedded name means.</summary>
internal static class Relationships
{
    /// <exception cref="ApiError">PGRST200: none. PGRST201: several.</exception>
    public static Relationship Find(Relation? from, string schema, string name, string target, string? hint)
    {
        var all = from?.Relationships.Where(r => r.To.Schema == schema || r.Computed is not null).ToList() ?? [];
        // A function of that name stands before any key.
        if (all.Find(r => r.Computed?.Name == target) is { } computed) return computed;
        var found = all.Where(r => r.Computed is null && (r.IsSelf ? MatchesSelf(r, target, hint) : Matches(r, target, hint))).ToList();
        // A column or a key leads to the table; to a view of it only where there is no table, or when it is the view's own.
        if (found.Count > 1 && found.TrueForAll(r => r.To.Name != target || r.IsSelf))
        {
            var nearer = found.Where(r => !r.To.IsView || r.IsSelf).ToList();
            if (nearer.Count > 0) found = nearer;
        }
        return found switch
        {
            [var only] => only,
            [] => throw None(all, schema, name, target, hint),
            _ => throw Several(found, name, target),
        };
    }

    private static bool Matches(Relationship r, string target, string? hint) => hint is null
        // By the relation, by the key's name, or by the column that holds the key.
        ? r.To.Name == target || (r.Junction is null && r.Constraint == target) || (Holds(r) && r.Columns is [{ From: var column }] && column == target)
        : r.To.Name == target && MatchesHint(r, hint);

    // Of a key within one relation there are two ways: its own name or column leads to the one, the relation's name to the many.
    private static bool MatchesSelf(Relationship r, string target, string? hint)
    {
        if (r.Junction is not null) return r.To.Name == target && hint is not null && MatchesHint(r, hint);
        if (Holds(r)) return hint is null ? r.Constraint == target || (r.Columns is [{ From: var column }] && column == target) : false;
        return r.To.Name == target && (hint is null || MatchesHint(r, hint));
    }

    private static bool Holds(Relationship r) => r.Cardinality == Cardinality.ManyToOne || r is { Cardinality: Cardinality.OneToOne, Holds: true };

    private static bool MatchesHint(Relationship r, string hint) => r.Junction is { } junction
        ? junction.Relation.Name == hint
        : r.Constraint == hint || (r.Columns is [var (from, to)] && (from == hint || to == hint));

    private static ApiError None(List<Relationship> all, string schema, string name, string target, string? hint) =>
        new(400, "PGRST200", $"Could not find a relationship between '{name}' and '{target}' in the schema cache")
        {
            Details = $"Searched for a foreign key relationship between '{name}' and '{target}'{(hint is null ? "" : $" using the hint '{hint}'")} in the schema '{schema}', but no matches were found.",
            Hint = Near.Find(target, all.Select(r => r.Computed?.Name ?? r.To.Name)) is { } near && near != target ? $"Perhaps you meant '{near}' instead of '{target}'." : null,
        };

    private static ApiError Several(List<Relationship> found, string name, string target)
    {
        var ordered = found.OrderBy(r => r.Cardinality switch { Cardinality.OneToMany => 0, Cardinality.ManyToOne => 1, Cardinality.OneToOne => 2, _ => 3 })
            .ThenBy(r => r.Constraint, StringComparer.Ordinal).ThenBy(r => r.Junction?.FromConstraint, StringComparer.Ordinal).ThenBy(r => r.Junction?.ToConstraint, StringComparer.Ordinal).ToList();
        var details = ordered.Select(r => new
        {
            cardinality = r.Cardinality switch { Cardinality.ManyToOne => "many-to-one", Cardinality.OneToMany => "one-to-many", Cardinality.OneToOne => "one-to-one", _ => "many-to-many" },
            relationship = Describe(r),
            embedding = $"{name} with {r.To.Name}",
        });
        var choices = string.Join(", ", ordered.Select(r => $"'{r.To.Name}!{r.Junction?.Relation.Name ?? r.Constraint}'"));
        return new ApiError(300, "PGRST201", $"Could not embed because more than one relationship was found for '{name}' and '{target}'")
        {
            DetailsJson = JsonSerializer.Serialize(details),
            Hint = $"Try changing '{target}' to one of the following: {choices}. Find the desired relationship in the 'details' key.",
        };
    }

    private static string Describe(Relationship r)
    {
        if (r.Junction is { } j)
            return $"{j.Relation.Name} using {j.FromConstraint}({Names(j.FromColumns.Select(c => c.Junction))}) and {j.ToConstraint}({Names(j.ToColumns.Select(c => c.Junction))})";
        return $"{r.Constraint} using {r.From.Name}({Names(r.Columns.Select(c => c.From))}) and {r.To.Name}({Names(r.Columns.Select(c => c.To))})";
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names);
}

/// <summary>What somebody who mistyped may have meant.</summary>
internal static class Near
{
    public static string? Find(string word, IEnumerable<string> known, double atLeast = 0.6)
    {
        var (best, score) = ((string?)null, atLeast);
        foreach (var candidate in known)
        {
            // Lengths alone tell most of them apart.
            var longest = Math.Max(word.Length, candidate.Length);
            if (longest == 0 || 1 - Math.Abs(word.Length - candidate.Length) / (double)longest <= score) continue;
            var likeness = 1 - Distance(word, candidate) / (double)longest;
            if (likeness > score) (best, score) = (candidate, likeness);
        }
        return best;
    }

    private static int Distance(string a, string b)
    {
        if (a.Length > 200 || b.Length > 200) return Math.Max(a.Length, b.Length);
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
