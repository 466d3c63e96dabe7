using Clientele.Platform.Permissions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Clientele.Platform.Keys;

/// <summary>/api/keys and /api/rate-limits</summary>
internal static class KeyRoutes
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/keys").WithTags("Keys").Requires(Can.Administer);
        keys.MapGet("/", ManageKeys.List);
        keys.MapPost("/", ManageKeys.Create).Produces<ManageKeys.Issued>(StatusCodes.Status201Created);
        keys.MapPut("/{id:guid}", ManageKeys.Put);
        keys.MapPost("/{id:guid}/rotate", ManageKeys.Rotate).Produces<ManageKeys.Issued>(StatusCodes.Status201Created);
        keys.MapDelete("/{id:guid}", ManageKeys.Revoke);
        keys.MapGet("/{id:guid}/usage", GetKeyUsage.Handle);

        var limits = api.MapGroup("/rate-limits").WithTags("Keys").Requires(Can.Administer);
        limits.MapGet("/", ManageRateLimits.List);
        limits.MapPost("/", ManageRateLimits.Create).Produces<ManageRateLimits.View>(StatusCodes.Status201Created);
        limits.MapPut("/{id:guid}", ManageRateLimits.Put);
        limits.MapDelete("/{id:guid}", ManageRateLimits.Delete).Produces(StatusCodes.Status204NoContent);
    }
}
