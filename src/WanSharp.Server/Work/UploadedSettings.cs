using WanSharp.Engine.Requests;
using WanSharp.Jobs;

namespace WanSharp.Server.Work;

/// <summary>
/// Settings whose files requests may bring. A job names such a file by its digest alone, so that the folder that it is kept in may move; a
/// name that is none of those kept there is that of a file in the server's own folders.
/// </summary>
internal static class UploadedSettings
{
    private static readonly IReadOnlyList<SettingField> Fields =
    [
        .. new[] { "control", "mask", "reference", "camera" }.Select(name => SettingFields.Find(name)!),
    ];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Fields.Select(field => field.Name)];

    /// <summary>A request whose files are named where they are.</summary>
    /// <param name="request">The request.</param>
    /// <param name="folder">Where files that requests brought are kept.</param>
    public static JobRequest Found(JobRequest request, string folder) =>
        Fields.Aggregate(request, (found, field) => field.From(found, folder));
}
