using System.Globalization;

namespace WanSharp.Models.Names;

/// <summary>
/// The names of ESRGAN's network (RRDBNet): those of Real-ESRGAN, of the official ESRGAN, and the places in a sequence of its first
/// version.
/// </summary>
/// <remarks>Sources: XPixelGroup/BasicSR:basicsr/archs/rrdbnet_arch.py, xinntao/ESRGAN:RRDBNet_arch.py and its history.</remarks>
internal static class RrdbNames
{
    private const string TrunkOfTheFirst = "model.1.sub.";

    public static NetworkNames Names { get; } =
        new(
            "network that enlarges frames (RRDBNet)",
            ["conv_first.weight", "body.0.rdb1.conv1.weight", "conv_body.weight", "conv_up2.weight", "conv_hr.weight", "conv_last.weight"],
            ["conv_first.weight", "model.0.weight"],
            [NetworkNames.Official, Official, First]
        );

    private static NameTable Official(IReadOnlyCollection<string> names) =>
        new([
            .. Dense("RRDB_trunk", ""),
            ("trunk_conv", "conv_body"),
            ("upconv1", "conv_up1"),
            ("upconv2", "conv_up2"),
            ("HRconv", "conv_hr"),
        ]);

    private static NameTable First(IReadOnlyCollection<string> names)
    {
        var last = names
            .Where(name => name.StartsWith(TrunkOfTheFirst, StringComparison.Ordinal))
            .Select(name => name[TrunkOfTheFirst.Length..].Split('.')[0])
            .Select(place => int.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .DefaultIfEmpty()
            .Max();
        return new([
            ("model.0", "conv_first"),
            ($"{TrunkOfTheFirst}{last.ToString(CultureInfo.InvariantCulture)}", "conv_body"),
            .. Dense("model.1.sub", ".0"),
            ("model.3", "conv_up1"),
            ("model.6", "conv_up2"),
            ("model.8", "conv_hr"),
            ("model.10", "conv_last"),
        ]);
    }

    private static IEnumerable<(string Theirs, string Official)> Dense(string trunk, string inLayer) =>
        from dense in Enumerable.Range(1, 3)
        from layer in Enumerable.Range(1, 5)
        select ($"{trunk}.*.RDB{dense}.conv{layer}{inLayer}", $"body.*.rdb{dense}.conv{layer}");
}
