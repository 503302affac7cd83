namespace WanSharp.Models.Layout;

/// <summary>Lists paths in messages.</summary>
internal static class PathList
{
    private const int Most = 8;

    /// <summary>The paths, or the first of them and how many more there are.</summary>
    public static string Of(IEnumerable<string> paths)
    {
        List<string> all = [.. paths];
        return string.Join(", ", all.Take(Most)) + (all.Count > Most ? $" and {all.Count - Most} more" : "");
    }
}
