using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WanSharp.Server.Http;

namespace WanSharp.Server.Mcp;

/// <summary>The server as agents see it (Model Context Protocol).</summary>
internal static class McpServices
{
    private const string Name = "wansharp";
    private const string Instructions =
        "Makes videos with Wan. generate returns an id at once; wait returns when the video is done. Making takes from seconds to hours: "
        + "plan shows the settings first, and fewer steps, frames and pixels are faster.";

    /// <summary>Adds the tools, and the endpoint for them.</summary>
    public static void AddMcp(this IServiceCollection services)
    {
        services.AddSingleton<McpTools>();
        services.AddSingleton<IRoutes, Routes>();
        services.AddMcpServer().WithHttpTransport();
        services.AddOptions<McpServerOptions>().Configure<McpTools>((options, tools) => Configure(options, tools, showsFiles: false));
    }

    /// <summary>Answers an agent that started this program, until it goes.</summary>
    /// <param name="services">The server's parts.</param>
    /// <param name="input">What the agent says.</param>
    /// <param name="output">What it is told: nothing else is written there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(IServiceProvider services, Stream input, Stream output, CancellationToken cancellationToken)
    {
        var options = new McpServerOptions();
        Configure(options, services.GetRequiredService<McpTools>(), showsFiles: true);
        var transport = new StreamServerTransport(input, output, Name);
        await using var closed = transport.ConfigureAwait(false);
        var server = McpServer.Create(transport, options, serviceProvider: services);
        await using var ended = server.ConfigureAwait(false);
        await server.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void Configure(McpServerOptions options, McpTools tools, bool showsFiles)
    {
        options.ServerInfo = new Implementation
        {
            Name = Name,
            Version = typeof(McpServices).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0",
        };
        options.ServerInstructions = Instructions;
        options.ToolCollection = [.. tools.All(showsFiles)];
    }

    private sealed class Routes : IRoutes
    {
        /// <inheritdoc/>
        public bool TellsKeysApart => true;

        /// <inheritdoc/>
        public void Map(IEndpointRouteBuilder routes) => routes.MapMcp("/mcp");
    }
}
