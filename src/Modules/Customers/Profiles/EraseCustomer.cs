using Clientele.Platform.Data;
using Microsoft.AspNetCore.Http;

namespace Clientele.Customers.Profiles;

/// <summary>
/// DELETE /api/customers/{id}: removes everything personal of a person, with all profiles merged into it. What the law wants
/// kept stays under a pseudonym. Nothing undoes it.
/// </summary>
internal static class EraseCustomer
{
    public static async Task<IResult> Handle(Guid id, Db db, CancellationToken ct)
    {
        await db.Run($"select customers.erase({id})", ct);
        return Results.NoContent();
    }
}
