using System.Text.Json.Serialization;
using WanSharp.Engine.Requests;

namespace WanSharp.Tools.Optimize;

/// <summary>A point of a front, as it is kept.</summary>
public sealed record SavedWay : IWayCost
{
    /// <summary>What differs from the model's own way, as one says it.</summary>
    public required IReadOnlyList<string> Choices { get; init; }

    /// <summary>The settings that differ.</summary>
    [JsonConverter(typeof(ClipSettingsJson))]
    public required ClipSettings Settings { get; init; }

    /// <summary>Identifies all that its clips depend on: files, and what a preset says, may change.</summary>
    public required string Made { get; init; }

    /// <summary>How they ran within the memory; null where it had no limit.</summary>
    public SavedStrategy? Strategy { get; init; }

    /// <summary>What the transformer's blocks multiply, or networks compute in.</summary>
    public required string Precision { get; init; }

    /// <summary>Time of a clip once the program runs.</summary>
    public required double Seconds { get; init; }

    /// <summary>What the program takes before.</summary>
    public required double StartSeconds { get; init; }

    /// <summary>1 − SSIM to the model's own clips, in the mean.</summary>
    public required double Loss { get; init; }

    /// <summary>The worst clip's.</summary>
    public required double WorstLoss { get; init; }

    /// <summary>A clip in this way, whatever it has of what the way sets.</summary>
    internal T In<T>(T clip)
        where T : ClipSettings =>
        SettingFields.Stored.Where(field => field.Get(Settings) is not null).Aggregate(clip, (made, field) => field.Copy(Settings, made));

    /// <summary>Time from the start of the program to the end of the clip.</summary>
    [JsonIgnore]
    public double TotalSeconds => StartSeconds + Seconds;
}
