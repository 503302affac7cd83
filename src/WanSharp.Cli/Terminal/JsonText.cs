using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using WanSharp.Cli.Output;
using WanSharp.Hosting.Outputs;

namespace WanSharp.Cli.Terminal;

/// <summary>What <c>--json</c> prints: one line, a record of <c>WanSharp.Hosting.Outputs</c> or <c>WanSharp.Cli.Output</c>.</summary>
internal static class JsonText
{
    /// <summary>The records, and how they are written.</summary>
    public static JsonSerializerOptions Options { get; } = CreateOptions();

    /// <summary>A record as a line.</summary>
    public static string Of<T>(T output) => JsonSerializer.Serialize(output, (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T)));

    /// <summary>A record as part of another document.</summary>
    public static JsonObject ObjectOf<T>(T output) =>
        JsonSerializer.SerializeToNode(output, (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T)))!.AsObject();

    private static JsonSerializerOptions CreateOptions()
    {
        var options = OutputRecords.CreateOptions();
        options.TypeInfoResolverChain.Add(ToolOutputJson.Default);
        return options;
    }
}
