using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>A file that a node wrote on its server.</summary>
/// <param name="Node">The node.</param>
/// <param name="Name">The file's name there.</param>
/// <param name="Folder">The folder below that of its type.</param>
/// <param name="Type">output, temp or input.</param>
internal sealed record ComfyOutputFile(string Node, string Name, string Folder, string Type)
{
    /// <summary>The extension, lower case with its dot.</summary>
    public string Format => Path.GetExtension(Name).ToLowerInvariant();

    /// <summary>All files of a history entry: nodes call their lists images, gifs, videos …</summary>
    public static IEnumerable<ComfyOutputFile> In(JsonObject history) =>
        from node in history.At("outputs").Members()
        from list in node.Value.Members()
        from item in list.Value.Items()
        let name = item.At("filename").Text()
        where name is not null
        select new ComfyOutputFile(node.Key, name, item.At("subfolder").Text() ?? "", item.At("type").Text() ?? "output");
}
