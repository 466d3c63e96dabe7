using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;

namespace Clientele.Platform.Health.Errors;

/// <summary>Whose errors: the organization's own, or for operators those of the whole installation.</summary>
internal static class ErrorScope
{
    /// <param name="scope"><c>organization</c> (also when null) or <c>installation</c>.</param>
    public static async Task<(Db Db, bool All)> Of(string? scope, Caller caller, Databases databases, Db own, CancellationToken ct)
    {
        switch (scope)
        {
            case null or "organization":
                return (own, false);
            case "installation":
                await Operators.Require(caller, databases, ct);
                return (new Db(databases.Service, Tenant.None), true);
            default:
                throw Problem.Invalid("scope", "The scope is organization or installation.");
        }
    }
}
