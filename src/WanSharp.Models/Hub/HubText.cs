namespace WanSharp.Models.Hub;

/// <summary>Small texts in a hub's cache, which several programs read and write at once.</summary>
internal static class HubText
{
    /// <summary>Writes a text under another name, then renames it: nobody sees half of it.</summary>
    public static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllText(temporary, text);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
