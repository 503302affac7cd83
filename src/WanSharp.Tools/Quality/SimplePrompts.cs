namespace WanSharp.Tools.Quality;

/// <summary>Prompts of the program's own, which every model can follow: a shape that moves on a background.</summary>
public static class SimplePrompts
{
    private const int Stride = 437; // has no divisor in common with the number of all: every prompt once, neighbours unlike each other

    private static readonly string[] Colours = ["red", "green", "blue", "yellow", "purple", "orange", "white", "cyan"];
    private static readonly string[] Shapes = ["circle", "square", "triangle", "star"];
    private static readonly string[] Moves = ["moving left", "moving right", "moving up", "moving down", "growing", "shrinking"];
    private static readonly string[] Backgrounds = ["black", "gray", "navy", "beige"];

    /// <summary>Those by which something is chosen.</summary>
    public static IReadOnlyList<string> Tuning { get; } =
    [
        "a red square moving right on a gray background",
        "a green star moving left on a navy background",
        "a blue circle moving up on a beige background",
        "a yellow square growing on a black background",
        "a purple triangle moving down on a black background",
        "an orange circle moving left on a gray background",
        "a white star moving up on a navy background",
        "a cyan triangle shrinking on a black background",
        "a red star moving down on a beige background",
        "a green circle growing on a gray background",
        "a blue triangle moving right on a black background",
        "a purple square moving left on a beige background",
    ];

    /// <summary>Those by which it is judged where few will do.</summary>
    public static IReadOnlyList<string> Judging { get; } =
    [
        "a red circle moving left on a black background",
        "a green square moving up on a gray background",
        "a yellow triangle moving down on a navy background",
        "a blue star growing on a beige background",
        "a purple circle moving right on a beige background",
        "a cyan square moving down on a gray background",
        "a white triangle moving up on a black background",
        "an orange star moving left on a navy background",
        "a red triangle growing on a gray background",
        "a green triangle moving right on a black background",
        "a yellow star moving up on a beige background",
        "a blue square moving left on a black background",
        "a cyan circle moving right on a navy background",
        "an orange square shrinking on a gray background",
        "a white circle moving down on a navy background",
        "a purple star moving up on a gray background",
    ];

    /// <summary>The same, then all others that choose nothing, hundreds, in an order that mixes them.</summary>
    public static IEnumerable<string> Others
    {
        get
        {
            var count = Colours.Length * Shapes.Length * Moves.Length * Backgrounds.Length;
            return Judging.Union(Enumerable.Range(0, count).Select(i => Of(i * Stride % count))).Except(Tuning);
        }
    }

    private static string Of(int index)
    {
        var (rest, colour) = Math.DivRem(index, Colours.Length);
        (rest, var shape) = Math.DivRem(rest, Shapes.Length);
        var (background, move) = Math.DivRem(rest, Moves.Length);
        var article = Colours[colour] == "orange" ? "an" : "a";
        return $"{article} {Colours[colour]} {Shapes[shape]} {Moves[move]} on a {Backgrounds[background]} background";
    }
}
