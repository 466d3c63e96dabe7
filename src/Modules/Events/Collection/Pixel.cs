using System.Text;
using System.Text.Json.Nodes;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Clientele.Events.Collection;

/// <summary>
/// GET /v1/pixel/{call}?data=… (a message in base64, as Segment's pixel has it) and GET /v1/pixel.gif?writeKey=…&amp;event=…:
/// for mails and pages that run no script. Answers with a picture of one transparent dot.
/// </summary>
internal static class Pixel
{
    private static readonly byte[] dot = Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");

    public static async Task Handle(HttpContext context, Collect collect)
    {
        var query = context.Request.Query;
        var call = (context.Request.RouteValues["call"] as string ?? query["type"].ToString()) switch
        {
            "track" or "t" => Call.Track,
            "page" or "p" => Call.Page,
            "identify" or "i" => Call.Identify,
            "screen" => Call.Screen,
            "group" or "g" => Call.Group,
            "alias" or "a" => Call.Alias,
            "" => query.ContainsKey("event") ? Call.Track : Call.Page,
            _ => throw Problem.NotFound("kind of pixel"),
        };
        var body = query["data"].ToString() is { Length: > 0 } data ? await Body.FromText(data, 64 * 1024, _ => { }, context.RequestAborted) : Plain(query);
        var outcome = await collect.Take(context, body, call, query["writeKey"].ToString() is { Length: > 0 } key ? key : null);
        if (outcome.Refused is [var refused, ..]) throw new Problem(400, "event_refused", $"{refused.Problem} It waits in quarantine. Mend the address of the picture.");
        context.Response.ContentType = "image/gif";
        context.Response.Headers.CacheControl = "no-store, private";
        await context.Response.Body.WriteAsync(dot, context.RequestAborted);
    }

    // ?event=Opened&userId=42&properties.mail=spring&context.campaign.name=spring
    private static byte[] Plain(IQueryCollection query)
    {
        var message = new JsonObject();
        foreach (var (name, value) in query)
        {
            if (name is "writeKey" or "type" or "data") continue;
            var place = message;
            var parts = name.Split('.');
            if (parts.Length > 5) continue;
            foreach (var part in parts[..^1])
            {
                if (place[part] is not JsonObject inner) place[part] = inner = [];
                place = inner;
            }
            place[parts[^1]] = value.ToString();
        }
        return Encoding.UTF8.GetBytes(message.ToJsonString());
    }
}
