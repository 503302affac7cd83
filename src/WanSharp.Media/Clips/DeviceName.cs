namespace WanSharp.Media.Clips;

/// <summary>Names that are devices on Windows, whatever their ending: what is written to <c>nul.mp4</c> is gone.</summary>
public static class DeviceName
{
    private static readonly string[] Devices =
    [
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        .. "0123456789¹²³".SelectMany(number => (string[])[$"com{number}", $"lpt{number}"]),
    ];

    /// <summary>Whether a file or a folder of a name would be a device.</summary>
    /// <param name="name">The name, without folders.</param>
    public static bool Is(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Devices.Contains(name.Split('.')[0].TrimEnd().ToLowerInvariant());
    }
}
