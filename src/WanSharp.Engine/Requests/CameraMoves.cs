namespace WanSharp.Engine.Requests;

/// <summary>
/// The camera's moves by name. In a clip it pans one and a half times the distance that fills the frame at its focal length, zooms twice as
/// far, or turns by 60 degrees, at a speed of 1.
/// </summary>
/// <remarks>Source: aigc-apps/VideoX-Fun:comfyui/camera_utils.py, <c>CAMERA</c>: what the world does, seen from the camera.</remarks>
public static class CameraMoves
{
    /// <summary>Joins moves that are made at once.</summary>
    internal const char Separator = '+';

    /// <summary>The most moves at once.</summary>
    internal const int Most = 4;

    private static readonly (string Name, double X, double Y, double Z, double Turn)[] Known =
    [
        ("static", 0, 0, 0, 0),
        ("pan-up", 0, 1, 0, 0),
        ("pan-down", 0, -1, 0, 0),
        ("pan-left", 1, 0, 0, 0),
        ("pan-right", -1, 0, 0, 0),
        ("zoom-in", 0, 0, -2, 0),
        ("zoom-out", 0, 0, 2, 0),
        ("clockwise", 0, 0, 0, -1),
        ("anticlockwise", 0, 0, 0, 1),
    ];

    /// <summary>Their names.</summary>
    internal static IReadOnlyList<string> Names { get; } = [.. Known.Select(move => move.Name)];

    /// <summary>Whether a text is names of moves, and not the name of a file.</summary>
    public static bool AreMoves(string text) => text.Split(Separator).All(name => Names.Contains(name.Trim()));

    /// <summary>How the world moves, and turns around the line of sight, when moves are made at once.</summary>
    /// <param name="text">Names that <see cref="AreMoves"/>.</param>
    internal static (double X, double Y, double Z, double Turn) Sum(string text)
    {
        var (x, y, z, turn) = (0.0, 0.0, 0.0, 0.0);
        foreach (var name in text.Split(Separator))
        {
            var move = Known.First(known => known.Name == name.Trim());
            (x, y, z, turn) = (x + move.X, y + move.Y, z + move.Z, turn + move.Turn);
        }

        return (x, y, z, turn);
    }
}
