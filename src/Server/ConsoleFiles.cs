using Microsoft.Extensions.FileProviders;

namespace Clientele.Server;

/// <summary>Serves the built console: files with a hash in their name for ever, the page itself fresh each time.</summary>
internal static class ConsoleFiles
{
    public static IFileProvider? Use(WebApplication app, string? folder)
    {
        if (folder is null || !Directory.Exists(folder)) return null;
        var files = new PhysicalFileProvider(Path.GetFullPath(folder));
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = files,
            OnPrepareResponse = response => response.Context.Response.Headers.CacheControl =
                response.Context.Request.Path.StartsWithSegments("/assets", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache",
        });
        return files;
    }

    /// <summary>Every address that is nobody else's is a page of the console, which routes by itself.</summary>
    public static void MapPages(WebApplication app, IFileProvider? files)
    {
        // An address under these never is a page: a wrong one is a 404 for a program, not HTML.
        foreach (var path in (string[])["/api", "/v1", "/rest", "/openapi", "/health", "/hooks", "/assets", "/files"])
            app.Map(path + "/{**rest}", (string? rest) => Results.NotFound()).ExcludeFromDescription();
        app.MapFallback(async (HttpContext context) =>
        {
            var page = files?.GetFileInfo("index.html");
            if (page is not { Exists: true } || !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }
            context.Response.ContentType = "text/html; charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            await context.Response.SendFileAsync(page);
        }).ExcludeFromDescription();
    }
}
