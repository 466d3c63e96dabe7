namespace Clientele.Platform.Problems;

/// <summary>
/// A rule was broken by the caller. Leaves the server as RFC 9457 <c>application/problem+json</c>.
/// </summary>
/// <param name="status">HTTP status, 400 to 499 (503 when a dependency is away).</param>
/// <param name="code">Stable, snake_case, listed in docs/errors.md.</param>
/// <param name="detail">One sentence: what is wrong and what to do next. Shown to people.</param>
public sealed class Problem(int status, string code, string detail) : Exception(detail)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>Messages by field, when the request's fields are at fault.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>After how long the caller may try again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static Problem NotFound(string what) =>
        new(404, "not_found", $"There is no such {what} here. It may have been deleted, or belong to another organization.");

    public static Problem Forbidden(string what) =>
        new(403, "forbidden", $"Your role does not allow you to {what}. Ask an administrator of the organization.");

    public static Problem Invalid(string field, string message) =>
        new(400, "validation_failed", message) { Errors = new Dictionary<string, string[]> { [field] = [message] } };

    public static Problem Invalid(IReadOnlyDictionary<string, string[]> errors) =>
        new(400, "validation_failed", errors.First().Value[0]) { Errors = errors };
}
