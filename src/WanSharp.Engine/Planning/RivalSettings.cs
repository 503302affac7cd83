using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>Settings of which a request may give only one.</summary>
internal static class RivalSettings
{
    /// <summary>Refuses two settings that say the same: one of them would be ignored without a word.</summary>
    public static void RequireOneOfEach(ClipSettings request)
    {
        foreach (var field in SettingFields.Stored.Where(field => field.Get(request) is not null))
        {
            if (field.Excludes.Select(SettingFields.Find).FirstOrDefault(other => IsGiven(other!)) is { } rival)
            {
                throw new InvalidRequestException(rival.Label, $"{field.Label} and {rival.Label} were both given: give only one.");
            }
        }

        bool IsGiven(SettingField field) => !field.IsComposite && field.Get(request) is not null;
    }
}
