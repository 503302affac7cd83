using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Runtime.Memory;
using WanSharp.Server.Http;

namespace WanSharp.Server.Comfy;

/// <summary>ComfyUI's API: what the server is and understands. Source: comfyanonymous/ComfyUI server.py.</summary>
internal sealed class InfoRoutes(ServedNames names, ServerOptions options) : IRoutes
{
    private static readonly string[] Prefixes = ["", "/api"];

    private static readonly string Version =
        typeof(InfoRoutes).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var prefix in Prefixes)
        {
            routes.MapGet(prefix + "/object_info", AllAsync);
            routes.MapGet(prefix + "/object_info/{id}", OneAsync);
            routes.MapGet(prefix + "/system_stats", StatsAsync);
            routes.MapGet(prefix + "/features", context => context.SendAsync(Features(options)));
            routes.MapGet(prefix + "/embeddings", context => context.SendAsync(new JsonArray()));
            routes.MapPost(prefix + "/free", FreeAsync);
        }
    }

    /// <summary>What clients may ask whether the server has it.</summary>
    public static JsonObject Features(ServerOptions options) =>
        new() { ["supports_preview_metadata"] = false, ["max_upload_size"] = options.MostBodyBytes };

    private Task AllAsync(HttpContext context) =>
        context.SendAsync(new JsonObject(NodeCatalog.All.Select(type => KeyValuePair.Create(type.Name, (JsonNode?)type.Show(names.Of)))));

    private Task OneAsync(HttpContext context) =>
        context.SendAsync(
            NodeCatalog.Find(context.Id()!) is { } type ? new JsonObject { [type.Name] = type.Show(names.Of) } : new JsonObject()
        );

    private Task StatsAsync(HttpContext context)
    {
        var memory = HostMemoryFacts.Read();
        var device = options.Backend.Engine.Provider;
        return context.SendAsync(
            new JsonObject
            {
                ["system"] = new JsonObject
                {
                    ["os"] = OperatingSystem.IsWindows() ? "nt" : "posix",
                    ["ram_total"] = memory.Total,
                    ["ram_free"] = memory.Free,
                    ["comfyui_version"] = $"WanSharp {Version}",
                    ["required_frontend_version"] = "",
                    ["python_version"] = $"none ({RuntimeInformation.FrameworkDescription})",
                    ["pytorch_version"] = "none (ONNX Runtime)",
                    ["embedded_python"] = false,
                    ["argv"] = new JsonArray("wan", "serve"),
                },
                ["devices"] = new JsonArray(
                    new JsonObject
                    {
                        ["name"] = device,
                        ["type"] = device,
                        ["index"] = 0,
                        ["vram_total"] = memory.Total,
                        ["vram_free"] = memory.Free,
                        ["torch_vram_total"] = memory.Total,
                        ["torch_vram_free"] = memory.Free,
                    }
                ),
            }
        );
    }

    /// <summary>Memory is kept within the server's limits all the time: there is nothing to free on request.</summary>
    private static async Task FreeAsync(HttpContext context) => _ = await context.ReadAsync().ConfigureAwait(false);
}
