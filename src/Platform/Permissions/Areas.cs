namespace Clientele.Platform.Permissions;

/// <summary>Which permission the rows of a schema belong to, for the Data API, which knows tables and no acts.</summary>
public static class Areas
{
    /// <returns>Null: no permission stands before it, only the table's own access class.</returns>
    public static string? Of(string schema) => schema switch
    {
        "customers" or "events" or "log" or "commerce" or "growth" or "billing" or "giving" => "customer_data",
        "cdp" or "pocm" or "assistant" or "wolo" or "jyotiflow" => "customer_data",
        "messaging" or "flags" => "campaign_management",
        "analytics" => "analytics",
        _ => null,
    };

    /// <summary>Whether somebody may read or change rows of a table.</summary>
    /// <param name="schemas">Of the tables behind it; a view may have several.</param>
    /// <param name="action"><c>read</c>, <c>create</c>, <c>update</c> or <c>delete</c>.</param>
    /// <param name="allowed">What the caller may.</param>
    public static bool Allow(IEnumerable<string> schemas, string table, string action, Func<Can, bool> allowed) =>
        schemas.Select(Of).Distinct().All(area => area is null || allowed(new Can(area, table, action, string.Empty)));
}
