using Clientele.Platform.Data;
using Microsoft.AspNetCore.Http;

namespace Clientele.Customers.Profiles;

/// <summary>
/// PUT /api/customers/{id}/tracking: somebody does not want their behaviour collected, or does again. What becomes of their
/// events is the setting <c>collection.refused</c>; what was collected before stays.
/// </summary>
internal static class RefuseTracking
{
    /// <param name="Refused">True: collect no more.</param>
    public sealed record Request(bool Refused);

    public static async Task<IResult> Handle(Guid id, Request request, Db db, CancellationToken ct)
    {
        await db.Run($"select customers.refuse_tracking({id}, {request.Refused})", ct);
        return Results.NoContent();
    }
}
