using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Clientele.Platform.Permissions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Clientele.Server;

/// <summary>What the OpenAPI document says beside the routes themselves.</summary>
internal static class OpenApiDocument
{
    // Each act has a Request and a View of its own: without the act's name before them all would be the first one's.
    private static string NameOf(Type type)
    {
        var own = type.Name.Split('`')[0];
        var arguments = type.IsGenericType ? "Of" + string.Concat(type.GetGenericArguments().Select(NameOf)) : string.Empty;
        return (type.DeclaringType is { } act ? act.Name : string.Empty) + own + arguments;
    }

    public static void Describe(OpenApiOptions options)
    {
        var named = new ConcurrentDictionary<string, Type>(StringComparer.Ordinal);
        options.CreateSchemaReferenceId = info =>
        {
            if (OpenApiOptions.CreateDefaultSchemaReferenceId(info) is null) return null;
            var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
            var name = NameOf(type);
            return named.GetOrAdd(name, type) == type ? name : throw new InvalidOperationException($"The API's description has one name, {name}, for two types: {named[name]} and {type}.");
        };
        // What a role must be allowed to call it, as rows of platform.role_permissions have it.
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Requirement>().LastOrDefault() is { } requirement)
                operation.AddExtension("x-permission", new JsonNodeExtension(JsonValue.Create(requirement.Act.ToString())));
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Clientele";
            document.Info.Version = typeof(OpenApiDocument).Assembly.GetName().Version!.ToString(3);
            document.Info.Description = "Everything the console does. Errors are RFC 9457 problem details with a stable \"code\" (docs/errors.md).";
            // The address the document was asked at would make the committed copy differ from machine to machine.
            document.Servers = [];
            return Task.CompletedTask;
        });
    }
}
