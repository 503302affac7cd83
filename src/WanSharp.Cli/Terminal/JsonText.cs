using System.Text.Encodings.Web;
using System.Text.Json;

namespace WanSharp.Cli.Terminal;

/// <summary>JSON for terminals and scripts: prompts stay readable in every language.</summary>
internal static class JsonText
{
    public static JsonSerializerOptions Readable { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
