using WanSharp.Tensors;

namespace WanSharp.Models.Hub;

/// <summary>Small texts in a hub's cache, which several programs read and write at once.</summary>
internal static class HubText
{
    /// <summary>Writes a text so that nobody sees half of it.</summary>
    public static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, text);
    }
}
