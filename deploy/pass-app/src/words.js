// Every word the app says: Chinese first, English second.

const WORDS = {
  app: ["三门通行码", "Sanmen Pass"],
  other: ["English", "中文"],
  back: ["返回", "Back"],
  tab_code: ["我的码", "My code"],
  tab_guests: ["访客", "Visitors"],
  tab_more: ["更多", "More"],

  start_title: ["用手机开门", "Open the gate with your phone"],
  start_one: ["先在这部手机里做一把钥匙，它出不了这部手机。", "First make a key inside this phone. It can never leave it."],
  start_two: ["再到物业登记一次，以后出示二维码就能开门。", "Then register once at the office. After that, show the code at the gate."],
  start_go: ["做我的钥匙", "Make my key"],
  start_lost: ["这部手机把原来的钥匙清掉了。请做一把新的，再到物业登记；旧钥匙已经没用。", "This phone has cleared your old key. Make a new one and register it at the office. The old one opens nothing any more."],
  start_none: ["这个浏览器做不了钥匙。请换用手机自带的浏览器打开。", "This browser cannot make a key. Please open this page in the phone's own browser."],

  enrol_title: ["到物业登记", "Register at the office"],
  enrol_hint: ["请把这个码给物业的机器看。它不能开门。", "Show this code to the office's terminal. It opens no door."],
  enrol_name: ["钥匙编号", "Key number"],
  enrol_done: ["登记好了", "I am registered"],

  code_title: ["我的开门码", "My gate code"],
  code_hint: ["屏幕调亮，码对准门口的镜头", "Turn the brightness up and hold the code to the camera"],
  code_left: ["{0} 秒后换新码", "New code in {0} s"],
  code_clock: ["手机时间", "Phone time"],
  code_received: ["别人发给我的码", "Passes sent to me"],
  code_own: ["我的开门码", "My own code"],
  code_failed: ["做不出码。请关掉这一页再打开。", "The code could not be made. Close this page and open it again."],
  code_label: ["开门二维码", "Gate QR code"],

  guests_title: ["访客", "Visitors"],
  guests_now: ["现在就请一位进门", "Let one guest in now"],
  guests_now_small: ["{0} 小时内有效，只用 {1} 次", "For {0} h, {1} use only"],
  guests_new: ["约别的时间", "Plan a visit"],
  guests_new_small: ["选日子、几小时、哪个门、几次", "Choose day, hours, gate and times"],
  guests_made: ["我发出的码", "Passes I made"],
  guests_none: ["还没有。", "None yet."],
  guests_over: ["已过期", "Over"],
  guests_withdrawn: ["已撤回 · 请给门看一次码", "Withdrawn · show the code at the gate"],
  guests_someone: ["访客", "Visitor"],

  new_title: ["约访客", "Plan a visit"],
  new_who: ["谁来？", "Who is coming?"],
  new_who_small: ["只留在您手机里", "Stays on your phone"],
  new_day: ["哪天？", "Which day?"],
  today: ["今天", "Today"],
  tomorrow: ["明天", "Tomorrow"],
  after: ["后天", "In 2 days"],
  other_day: ["别的日子", "Another day"],
  new_from: ["几点起？", "From when?"],
  new_long: ["多久？", "For how long?"],
  hours: ["{0} 小时", "{0} h"],
  new_gates: ["哪个门？", "Which gate?"],
  new_uses: ["能进几次？", "How many times?"],
  once: ["1 次", "once"],
  times: ["{0} 次", "{0} times"],
  less: ["减一次", "One less"],
  plus: ["加一次", "One more"],
  new_go: ["做访客码", "Make the pass"],
  new_no_gate: ["请至少选一个门。", "Please choose at least one gate."],
  new_past: ["这个时间已经过去了，请改晚一点。", "That time is over. Please choose a later one."],
  main_gate: ["大门", "Main gate"],

  share_title: ["访客码做好了", "The pass is ready"],
  share_hint: ["把链接发给客人。谁拿到链接谁就能用，请只发给本人。", "Send the link to your guest. Whoever has it can use it, so send it to nobody else."],
  share_go: ["发给客人", "Send to guest"],
  share_copy: ["复制链接", "Copy the link"],
  share_copied: ["已复制，去微信里粘贴即可", "Copied. Now paste it into a message"],
  share_once: ["离开此页后链接就没有了，没发出去可以再做一个。", "The link is gone when you leave this page. If it was not sent, make a new one."],
  share_text: ["您的访客码(请在手机上打开)：", "Your visitor pass (open it on your phone):"],
  done: ["完成", "Done"],

  pass_title: ["访客码", "Visitor pass"],
  pass_withdraw: ["撤回这个码", "Withdraw this pass"],
  withdraw_title: ["撤回访客码", "Withdraw the pass"],
  withdraw_ask: ["撤回以后，这个码不能再开门。", "After this the pass opens no gate."],
  withdraw_go: ["撤回", "Withdraw"],
  withdraw_hint: ["请给这里的镜头各看一次：{0}。门会说“已撤回”，不会打开。", "Show this once to the camera at: {0}. The gate says “withdrawn” and stays shut."],
  withdraw_away: ["不在小区？请打电话给物业。", "Not at home? Call the office."],

  visitor_title: ["您的访客码", "Your visitor pass"],
  visitor_when: ["时间", "When"],
  visitor_gates: ["门", "Gate"],
  visitor_uses: ["可进", "Entries"],
  visitor_early: ["还没到时间，到时这里会显示开门码。", "Not time yet. Your code will appear here then."],
  visitor_over: ["这个码已经过期，请联系您的主人家。", "This pass is over. Please ask your host."],
  visitor_bad: ["链接不完整。请主人家再发一次。", "The link is not complete. Please ask your host to send it again."],
  visitor_kept: ["码已存在这个浏览器里，请仍用它打开。", "The pass is kept in this browser. Open it here again."],

  visitor_resident: ["我是住户，做我的钥匙", "I live here: make my key"],

  more_title: ["更多", "More"],
  more_enrol: ["登记用的码", "Code for registering"],
  more_places: ["小区的门", "Gates of the community"],
  more_lost: ["手机丢了怎么办", "If the phone is lost"],
  more_clock: ["时间和常见问题", "Clock and other problems"],
  more_large: ["大字", "Large text"],
  more_forget: ["删除这部手机的钥匙", "Delete the key of this phone"],
  more_install: ["放到手机桌面", "Put on the home screen"],
  on: ["开", "on"],
  off: ["关", "off"],

  places_title: ["小区的门", "Gates of the community"],
  places_hint: ["物业会给您一段文字，贴在这里。每行一个门：号码和名字。", "The office gives you a few lines. Paste them here, one gate a line: number and name."],
  places_label: ["门的名单", "List of gates"],
  places_save: ["保存", "Save"],
  places_wrong: ["这一行看不懂：{0}", "This line is not understood: {0}"],
  places_ask: ["物业发来这份名单，要用它吗？", "The office sent this list. Use it?"],
  places_use: ["用这份名单", "Use this list"],

  lost_title: ["手机丢了怎么办", "If the phone is lost"],
  lost_one: ["马上打电话给物业，说出楼号、单元、房号。", "Call the office at once and give your building and room."],
  lost_two: ["物业停用这把钥匙，它和它发出的访客码都不能再开门。", "They block this key. It and all passes it made open nothing any more."],
  lost_three: ["卡照常能用。有了新手机，再登记一次。", "Your card still works. Register again when you have a new phone."],
  call: ["打给物业 {0}", "Call the office {0}"],

  help_title: ["时间和常见问题", "Clock and other problems"],
  help_clock: ["门说“手机时间不准”", "The gate says “phone clock wrong”"],
  help_clock_do: ["打开手机“设置 → 日期和时间 → 自动设置”。", "Open Settings → Date and time → Set automatically."],
  help_check: ["查一查手机时间", "Check the phone's clock"],
  help_right: ["手机时间是准的。", "The phone's clock is right."],
  help_unknown: ["现在没有网，查不了。开门不需要网。", "No network, so it cannot be checked. The gate needs no network."],
  help_gone: ["钥匙不见了", "The key has gone"],
  help_gone_do: ["清理浏览器数据会清掉钥匙。把这一页放到桌面可以防止。清掉了就再登记一次。", "Clearing browser data clears the key. Putting this page on the home screen prevents it. If it happened, register again."],
  help_read: ["镜头读不出码", "The camera does not read the code"],
  help_read_do: ["屏幕调亮，手机离远一点，擦一擦屏幕。", "Turn the brightness up, hold the phone further away, wipe the screen."],
  skew_fast: ["手机时间快了{0}，门可能不认。请打开“自动设置时间”。", "This phone's clock is {0} fast and gates may refuse it. Please switch on automatic time."],
  skew_slow: ["手机时间慢了{0}，门可能不认。请打开“自动设置时间”。", "This phone's clock is {0} slow and gates may refuse it. Please switch on automatic time."],
  seconds: ["{0}秒", "{0} s"],
  minutes: ["{0}分钟", "{0} min"],

  install_ios: ["iPhone：在 Safari 里点“分享”，再点“添加到主屏幕”。先放到桌面，再做钥匙。", "iPhone: in Safari tap Share, then Add to Home Screen. Do this first, then make the key."],
  install_android: ["安卓：点浏览器菜单，再点“添加到桌面”或“安装”。", "Android: tap the browser's menu, then Add to home screen or Install."],

  forget_title: ["删除钥匙", "Delete the key"],
  forget_ask: ["删除后，这部手机不能开门，要到物业重新登记。", "After this, this phone opens no gate until you register again."],
  forget_go: ["删除", "Delete"],
};

const KEPT = "sanmen-pass-language";

/** "zh" or "en": what was chosen, else what the browser speaks. */
export function language() {
  const kept = localStorage.getItem(KEPT);
  if (kept === "zh" || kept === "en") return kept;
  return navigator.languages.some((one) => one.startsWith("zh")) ? "zh" : "en";
}

export function switchLanguage() {
  localStorage.setItem(KEPT, language() === "zh" ? "en" : "zh");
}

/** The words of `key`, with {0}, {1} .. filled in. */
export function say(key, ...parts) {
  const words = WORDS[key][language() === "zh" ? 0 : 1];
  return words.replace(/\{(\d)\}/g, (_, place) => parts[place]);
}

const TAG = { zh: "zh-CN", en: "en-GB" };

export const tag = () => TAG[language()];

/** "11月22日 周日 14:00–18:00": a span of Unix seconds as people say it. */
export function span(from, to) {
  const [start, end] = [new Date(from * 1000), new Date(to * 1000)];
  const day = new Intl.DateTimeFormat(tag(), { month: "short", day: "numeric", weekday: "short" });
  const hour = new Intl.DateTimeFormat(tag(), { hour: "2-digit", minute: "2-digit", hour12: false });
  const same = start.toDateString() === end.toDateString();
  const last = same ? hour.format(end) : `${day.format(end)} ${hour.format(end)}`;
  return `${day.format(start)} ${hour.format(start)} – ${last}`;
}

export const times = (uses) => (uses === 1 ? say("once") : say("times", uses));

/** How far a clock is off, in words. */
export function amount(seconds) {
  return seconds < 90 ? say("seconds", seconds) : say("minutes", Math.round(seconds / 60));
}
